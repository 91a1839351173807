import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkBundle, runNode } from '../bundle.mjs';
import { compareFindings, expectedCsv } from '../expected.mjs';

export default async function check({ folder }) {
  const page = await checkBundle(folder);
  // Where no node_modules are in reach.
  const scratch = await mkdtemp(join(tmpdir(), 'leadwise-esbuild-'));
  try {
    await copyFile(join(folder, 'build/classify.mjs'), join(scratch, 'classify.mjs'));
    await writeFile(join(scratch, 'ecg.csv'), expectedCsv);
    compareFindings(JSON.parse(await runNode(scratch, 'classify.mjs', 'ecg.csv')).findings);
  } finally {
    await rm(scratch, { recursive: true });
  }
  return `${page}; so do those of the Node program in one file`;
}
