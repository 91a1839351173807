// Results as a table for people.

const COLUMNS = ['median', 'ratio', 'best', 'ratio', 'wall clock', 'preprocessing', 'open', 'first run', 'logits differ by'];

const ms = (value) => (value === undefined ? '' : `${value.toFixed(value < 100 ? 1 : 0)} ms`);
const times = (value) => `${value.toFixed(2)} x`;
const gigaMacs = (macs, milliseconds) => macs / milliseconds / 1e6;

/**
 * All scenarios. `median` is without waiting for a core, `best` and `wall clock`, a median too, with it; ratios are to leadwise in the
 * same scenario, above 1 where leadwise is faster.
 */
export function formatReport({ machine, rounds, peaks, scenarios }) {
  const { cpu, cores, node, engine = `Node ${node}`, leadwise, kernels } = machine;
  const lines = [`${cpu}, ${cores} cores, ${engine}; leadwise ${leadwise}, kernels ${kernels.slice(0, 12)}; ${rounds} rounds`, ''];
  for (const { name, macs, tasks, preprocess } of scenarios) {
    const rows = tasks.map((task, i) => [
      task.name,
      ms(task.median),
      times(task.median / tasks[0].median),
      ms(task.best),
      times(task.best / tasks[0].best),
      ms(task.wallMedian),
      i === 0 ? ms(preprocess.median) : '',
      ms(task.sessionMs),
      ms(task.firstMs),
      task.difference.toExponential(1),
    ]);
    lines.push(...table([[name, ...COLUMNS], ...rows]), `  ${(macs / 1e9).toFixed(2)} G multiply-accumulates`, '');
  }
  lines.push(...peakLines(peaks, scenarios), ...leadLines(scenarios));
  return `${lines.join('\n')}\n`;
}

/** Share of the bare product's speed that a whole network without any padding reaches. */
function peakLines(peaks, scenarios) {
  const speeds = peaks.map(({ macs, median }) => gigaMacs(macs, median));
  const lines = peaks.map(({ name }, i) => `${name}: ${speeds[i].toFixed(1)} GMAC/s`);
  const full = scenarios.find(({ preset, leads, seconds }) => preset === 'published' && leads === 12 && seconds > 16);
  if (full && peaks.length > 0) {
    const speed = gigaMacs(full.macs, full.tasks[0].median);
    lines.push(`${full.name}: ${speed.toFixed(1)} GMAC/s, ${((100 * speed) / Math.max(...speeds)).toFixed(0)} % of the faster product`);
  }
  return lines;
}

function leadLines(scenarios) {
  const two = scenarios.find(({ leads }) => leads === 2);
  const twelve = scenarios.find(({ preset, seconds, leads }) => leads === 12 && preset === two?.preset && seconds === two.seconds);
  return two && twelve ? [`two leads: ${times(twelve.tasks[0].median / two.tasks[0].median)} faster than twelve`] : [];
}

function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}
