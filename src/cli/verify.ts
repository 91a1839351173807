import { fileURLToPath } from 'node:url';
import { loadModelFile } from '../node.js';
import { parseArguments } from './arguments.js';
import { DEFAULT_WEIGHTS, report } from './console.js';
import { describeFailure } from './records.js';

export const VERIFY_HELP = `leadwise verify [FILE…]

Checks that weight files are whole, and that this engine computes with them what it should, to the last bit: every tensor, the kernels,
and the network on the input whose answer was stored in the file at conversion. FILE defaults to the shipped edge network.

Exit code 0: all is well; 1: it is not.`;

/** Runs the command; returns the exit code. */
export async function verifyCommand(args: string[]): Promise<number> {
  const { files } = parseArguments(args, {});
  let failures = 0;
  for (const file of files.length > 0 ? files : [fileURLToPath(DEFAULT_WEIGHTS)]) {
    try {
      const model = await loadModelFile(file);
      const { sha256 } = model.selfTest();
      process.stdout.write(`${file}: ok, logits sha256 ${sha256}\n`);
      model.dispose();
    } catch (error) {
      const { message, code } = describeFailure(file, error).error;
      report(`${file}: ${message} [${code}]`);
      failures++;
    }
  }
  return failures > 0 ? 1 : 0;
}
