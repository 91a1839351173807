// `npm audit` of every lock file in the repository, or of those named. Exit codes: 0 nothing known, 1 something found, 3 the registry could not be asked, and nothing is
// known for that reason alone.

import { execFileSync, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';

const LOCKS = ['ls-files', '--cached', '--others', '--exclude-standard', '--', 'package-lock.json', '**/package-lock.json'];
const named = process.argv.slice(2);
const locks = named.length > 0 ? named : execFileSync('git', LOCKS, { encoding: 'utf8' }).trim().split('\n').sort();
let [found, unasked] = [0, 0];
for (const lock of locks) {
  const { stdout, stderr } = spawnSync('npm', ['audit', '--json', '--package-lock-only', '--audit-level=low'], {
    cwd: dirname(lock),
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const { vulnerabilities, metadata, message } = parse(stdout);
  if (!metadata) {
    unasked++;
    console.log(`${lock}: NOT AUDITED: ${message ?? stderr.trim()}`);
    continue;
  }
  const { total } = metadata.vulnerabilities;
  found += total;
  console.log(`${lock}: ${metadata.dependencies.total} packages, ${total} with known vulnerabilities`);
  for (const { name, severity, range, via } of Object.values(vulnerabilities)) {
    console.log(`  ${severity}: ${name} ${range}: ${via.map((cause) => cause.title ?? cause).join('; ')}`);
  }
}
if (found > 0) process.exitCode = 1;
else if (unasked > 0) {
  console.log('The registry did not answer: nothing is known of the lock files above. This is no clean audit.');
  process.exitCode = 3;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
