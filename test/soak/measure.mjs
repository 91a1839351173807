// Latencies and memory, in little memory of their own.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Steps of a factor of 2^(1/4): a percentile is right to a fifth. */
const STEPS_A_DOUBLING = 4;

export class Latencies {
  #words = new Map();

  add(word, milliseconds) {
    const entry = this.#words.get(word) ?? { count: 0, most: 0, steps: [] };
    const step = Math.max(0, Math.ceil(STEPS_A_DOUBLING * Math.log2(Math.max(milliseconds, 0.01) / 0.01)));
    entry.count++;
    entry.most = Math.max(entry.most, milliseconds);
    entry.steps[step] = (entry.steps[step] ?? 0) + 1;
    this.#words.set(word, entry);
  }

  /** Milliseconds at most, for half of the jobs, for 99 in 100, for all. */
  report() {
    const within = ({ count, steps }, share) => {
      let sum = 0;
      const step = steps.findIndex((jobs = 0) => {
        sum += jobs;
        return sum >= share * count;
      });
      return 0.01 * 2 ** (step / STEPS_A_DOUBLING);
    };
    return Object.fromEntries(
      [...this.#words].map(([word, entry]) => [
        word,
        { jobs: entry.count, p50: within(entry, 0.5), p99: within(entry, 0.99), most: entry.most },
      ]),
    );
  }
}

/** MiB by which the median of the last quarter of the samples may lie above that of the quarter behind the warm-up. */
const MOST_GROWTH = { rss: 192, heap: 16, buffers: 32 };
/** Fewer samples say nothing. */
const LEAST_SAMPLES = 40;
/** So many samples are kept: then every second one goes. */
const MOST_SAMPLES = 4000;

export class Memory {
  last = { rss: 0, heap: 0, buffers: 0 };
  #samples = [];
  #every = 1;
  #asked = 0;
  #collect;

  constructor() {
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc');
  }

  sample(seconds) {
    this.#collect();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const mebibytes = (bytes) => bytes / 2 ** 20;
    this.last = { seconds, rss: mebibytes(rss), heap: mebibytes(heapUsed), buffers: mebibytes(arrayBuffers) };
    if (this.#asked++ % this.#every === 0) this.#samples.push(this.last);
    if (this.#samples.length < MOST_SAMPLES) return;
    this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
    this.#every *= 2;
  }

  /** The first quarter is warm-up. For each: MiB at its end, in the last quarter, the most, and the slope from the warm-up on. */
  report() {
    if (this.#samples.length < 4) return {};
    const count = this.#samples.length;
    const [early, late] = [this.#samples.slice(count >> 2, count >> 1), this.#samples.slice(count - (count >> 2))];
    const settled = this.#samples.slice(count >> 2);
    const figures = (name) => ({
      early: median(early.map((sample) => sample[name])),
      late: median(late.map((sample) => sample[name])),
      most: Math.max(...this.#samples.map((sample) => sample[name])),
      slopePerHour: 3600 * slope(settled.map((sample) => [sample.seconds, sample[name]])),
    });
    return { samples: count, ...Object.fromEntries(Object.keys(MOST_GROWTH).map((name) => [name, figures(name)])) };
  }

  grown() {
    const report = this.report();
    if (this.#samples.length < LEAST_SAMPLES) return [];
    return Object.entries(MOST_GROWTH).flatMap(([name, most]) => {
      const { early, late } = report[name];
      return late - early > most ? [`memory (${name}) grew from ${early.toFixed(0)} to ${late.toFixed(0)} MiB`] : [];
    });
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** Least squares. */
function slope(points) {
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const [product, square] = [
    points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0),
    points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0),
  ];
  return square === 0 ? 0 : product / square;
}
