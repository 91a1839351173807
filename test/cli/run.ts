// Runs the built command line as a process of its own.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Waits for the end. Whatever happens, no stack trace is shown. */
export async function leadwise(args: string[], input: string | Uint8Array = ''): Promise<Run> {
  const child = spawn(process.execPath, [CLI, ...args]);
  const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (chunk: Buffer) => void stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => void stderr.push(chunk));
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const run = { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
  expect(run.stderr + run.stdout).not.toMatch(/^\s+at .*[:(]|node:internal|Node\.js v/m);
  return run;
}

/** The exit code of a process whose reader closes the given pipes at once. */
export async function leadwiseUnread(args: string[], pipes: ('stdout' | 'stderr')[]): Promise<Run> {
  const child = spawn(process.execPath, [CLI, ...args]);
  const stderr: Buffer[] = [];
  for (const pipe of pipes) child[pipe].destroy();
  if (!pipes.includes('stderr')) child.stderr.on('data', (chunk: Buffer) => void stderr.push(chunk));
  child.stdin.end();
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout: '', stderr: Buffer.concat(stderr).toString() };
}

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'leadwise-cli-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return (name) => join(folder, name);
}
