// Jobs without end through pools, with faults injected; every job is to end once, in a result or a named error.
// `node test/soak/soak.mjs [--seconds 3600] [--seed N] [--workers 2] [--json]`, and
// `--seed N --job N --network tiny` for the record of one job of it, by itself. Needs the built package; docs/hardening.md tells what it does.

import { getEventListeners } from 'node:events';
import { parseArgs } from 'node:util';
import { BREAKS } from './broken-pool.mjs';
import { printReport } from './report.mjs';
import { Soak } from './run.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3600' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    workers: { type: 'string', default: '2' },
    /** Seconds until what does not end counts as lost. */
    patience: { type: 'string', default: '120' },
    json: { type: 'boolean', default: false },
    job: { type: 'string' },
    network: { type: 'string', default: 'tiny' },
    /** A pool with a fault: the soak is to fail. */
    break: { type: 'string' },
  },
});

function wholeOf(name, least, most) {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  console.error(`--${name} expected a whole number from ${least} to ${most}, got ${values[name]}`);
  process.exit(2);
}

if (values.break !== undefined && !BREAKS.includes(values.break)) {
  console.error(`--break expected one of ${BREAKS.join(', ')}, got ${values.break}`);
  process.exit(2);
}

const soak = new Soak({
  seconds: wholeOf('seconds', 1, 1e6),
  seed: wholeOf('seed', 0, 2 ** 32 - 1),
  workers: wholeOf('workers', 1, 8),
  patience: wholeOf('patience', 1, 3600),
  break: values.break,
  say: values.json ? console.error : console.log,
});

// Whatever escapes is a failure: nothing here may go unheard.
for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error) => {
    soak.fail(`${event}: ${error?.stack ?? error}`);
    process.exitCode = 1; // also where nothing runs after it
  });
}
process.on('warning', (warning) => soak.fail(`warning: ${warning.stack ?? warning}`));

if (values.job !== undefined) {
  await soak.repeat(wholeOf('job', 0, 1e12), values.network === 'edge' ? 'edge' : 'tiny');
  process.exit(soak.failures.length > 0 ? 1 : 0);
}

await soak.run();
const listeners = getEventListeners(soak.sharedSignal, 'abort').length;
if (listeners > 0) soak.fail(`${listeners} listeners are left on a signal that many jobs had`);

const report = soak.report();
if (values.json) console.log(JSON.stringify(report));
else printReport(report);
process.exitCode = report.failures.length > 0 ? 1 : 0;

// Nothing is left to do: the process is to end by itself.
setTimeout(() => {
  console.error(`FAILED: the process does not end: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, 10_000).unref();
