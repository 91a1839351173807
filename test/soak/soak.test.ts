// The soak, for seconds instead of an hour: it injects every fault that it knows, or fails. And it notices a pool that is broken.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

interface Report {
  jobs: number;
  outcomes: Record<string, Record<string, number>>;
  counts: Record<string, number>;
  workersReplaced: number;
  failures: string[];
}

const SOAK = fileURLToPath(new URL('soak.mjs', import.meta.url));

function soak(...parameters: string[]): Promise<{ code: number; report: Report; said: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [SOAK, '--json', ...parameters], { maxBuffer: 2 ** 24 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, report: stdout === '' ? undefined : JSON.parse(stdout), said: stderr });
    });
  });
}

it('loses nothing while workers are killed, jobs aborted and records hostile', async () => {
  const { code, report, said } = await soak('--seconds', '4', '--seed', '1', '--patience', '60');
  expect(code, said).toBe(0);
  expect(report.failures).toEqual([]);
  const counted = (group: string) => Object.entries(report.counts).filter(([name]) => name.startsWith(`${group}: `));
  // By group: 7 ways to kill a worker, 3 to start badly, one to talk; 3 starts of a pool that fail; 4 ends of one; 5 of a stream, and the slow one.
  const groups = { worker: 11, createPool: 3, ending: 4, stream: 6, abort: 6 };
  for (const [group, least] of Object.entries(groups)) expect(counted(group).length, group).toBeGreaterThanOrEqual(least);
  expect(counted('job: hostile').length).toBeGreaterThanOrEqual(20);
  for (const [name, count] of Object.entries(report.counts)) expect(count, name).toBeGreaterThan(0);
  for (const word of ['result', 'refused', 'aborted', 'crashed', 'disposed']) {
    const jobs = Object.values(report.outcomes).reduce((sum, outcomes) => sum + (outcomes[word] ?? 0), 0);
    expect(jobs, word).toBeGreaterThan(0);
  }
  expect(report.workersReplaced).toBeGreaterThan(0);
  console.info(`soak: ${report.jobs} jobs, ${report.workersReplaced} workers ended by a fault`);
});

it.concurrent.each([
  ['lose', 3, /job \d+, .*lost: nothing came of it/],
  ['bits', 60, /other bits/],
  ['unnamed', 60, /something went wrong/],
  ['twice', 60, /other bits|more entries than|where model\.classify|another result|ended twice|gave \d+ of/],
  ['keep', 3, /waited in vain until every worker has ended/],
])('notices a pool that is broken (%s)', async (fault, patience, complaint) => {
  const { code, report } = await soak('--seconds', '1', '--seed', '1', '--patience', String(patience), '--break', fault);
  expect(code).toBe(1);
  expect(report.failures.join('\n')).toMatch(complaint);
});
