// The end of a soak, for people.

export function printReport({ outcomes, counts, latencies, memory, failures, ...report }) {
  const number = (value) => value.toLocaleString('en');
  console.log(`\n${number(report.jobs)} jobs in ${report.seconds.toFixed(0)} s, seed ${report.asked.seed}, Node ${report.node}`);
  console.log(
    `${number(report.pools)} pools, ${number(report.workersStarted)} workers started, ${number(report.workersReplaced)} of them ended by a fault\n`,
  );

  const words = [...new Set(Object.values(outcomes).flatMap(Object.keys))].sort();
  printTable(
    ['jobs', 'all', ...words],
    Object.entries(outcomes).map(([kind, ended]) => [kind, sum(Object.values(ended)), ...words.map((word) => ended[word] ?? 0)]),
  );

  const groups = new Map();
  for (const [name, count] of Object.entries(counts)) {
    const [, group, fault] = /^(.*?): (.*)$/.exec(name);
    groups.set(group, [...(groups.get(group) ?? []), `${fault.replace('hostile: ', '')} ${number(count)}`]);
  }
  for (const [group, faults] of groups) console.log(`${group}: ${faults.join(', ')}`);

  console.log('');
  const milliseconds = (value) => value.toFixed(1);
  printTable(
    ['ms to the end', 'jobs', 'half', '99 %', 'most'],
    Object.entries(latencies).map(([word, { jobs, p50, p99, most }]) => [
      word,
      jobs,
      milliseconds(p50),
      milliseconds(p99),
      milliseconds(most),
    ]),
  );
  console.log(`longest pause of the event loop: ${report.longestPause.toFixed(0)} ms\n`);

  const { samples, ...kinds } = memory;
  const mebibytes = (value) => value.toFixed(1);
  printTable(
    ['MiB', 'after warm-up', 'last quarter', 'most', 'an hour'],
    Object.entries(kinds).map(([kind, { early, late, most, slopePerHour }]) => [kind, ...[early, late, most, slopePerHour].map(mebibytes)]),
  );

  if (failures.length === 0) console.log('nothing was lost');
  else for (const failure of failures) console.log(`FAILED: ${failure}`);
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

function printTable(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  for (const row of cells) {
    console.log(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join('  '));
  }
  console.log('');
}
