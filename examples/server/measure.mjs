// Processor time of a server, all threads, from /proc (Linux): what hosts limit and bill. Not asserted anywhere.

import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { goodRequests } from './requests.mjs';

const STARTS = 12;
const WARM_UP = 30;
const REQUESTS = 50;
const SETTLED_MS = 400; // what the engine still does in the background belongs to what caused it

/** Prints the figures of the server that `start()` starts: `{ pid, send, stop }`. */
export async function measure(start) {
  const kinds = (await goodRequests()).map(({ title, headers, body }) => ({
    title,
    sent: { method: 'POST', path: '/classify', headers, body },
  }));
  const idle = [];
  const first = [];
  for (let n = 0; n < STARTS; n++) {
    idle.push(await idleStart(start));
    first.push(await firstAnswer(start, kinds[0].sent));
  }
  // One reading is only good to a tick of 10 ms; the mean of many is better.
  const started = meanOf(idle);
  print(`idle start, mean of ${STARTS}`, started);
  print('cold: first answer (JSON), without the start', meanOf(first.map(({ answered }) => answered)) - started);
  print('  with what goes on after it', meanOf(first.map(({ settled }) => settled)) - started);
  print(`warm: GET /, mean of ${REQUESTS}`, (await warm(start, { method: 'GET', path: '/' })).ms);
  for (const { title, sent } of kinds) {
    const { ms, peak } = await warm(start, sent);
    print(`warm: ${title}, mean of ${REQUESTS}`, ms, `peak resident memory ${peak} MB`);
  }
}

/** What is uploaded, compressed. */
export async function printSize(folder, names) {
  const files = await Promise.all(names.map((name) => readFile(new URL(name, folder))));
  const zipped = files.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);
  console.log(`to upload: ${Math.round(zipped / 1000)} kB gzipped`);
}

async function using(start, use) {
  const { pid, send, stop } = await start();
  try {
    await sleep(SETTLED_MS);
    return await use(pid, send);
  } finally {
    await stop();
  }
}

const idleStart = (start) => using(start, cpuMs);

const firstAnswer = (start, sent) =>
  using(start, async (pid, send) => {
    await expect200(send, sent);
    const answered = await cpuMs(pid);
    await sleep(SETTLED_MS);
    return { answered, settled: await cpuMs(pid) };
  });

const warm = (start, sent) =>
  using(start, async (pid, send) => {
    for (let n = 0; n < WARM_UP; n++) await expect200(send, sent);
    await sleep(SETTLED_MS);
    const before = await cpuMs(pid);
    for (let n = 0; n < REQUESTS; n++) await expect200(send, sent);
    const ms = ((await cpuMs(pid)) - before) / REQUESTS;
    const [, kilobytes] = /^VmHWM:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'));
    return { ms, peak: Math.round(kilobytes / 1000) };
  });

async function expect200(send, sent) {
  const { status, text } = await send(sent);
  if (status !== 200) throw new Error(text);
}

const TICK_MS = 1000 / Number(execFileSync('getconf', ['CLK_TCK']));

/** utime + stime: fields 14 and 15; the name before them may hold anything. */
async function cpuMs(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const print = (what, ms, more = '') => console.log(`${what.padEnd(48)}${ms.toFixed(1).padStart(7)} ms  ${more}`.trimEnd());
