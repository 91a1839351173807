/** Mean of the samples not more than `half` away; fewer at the ends. */
export function movingMean(y: Float64Array, half: number): Float64Array {
  const total = new Float64Array(y.length + 1);
  for (let i = 0; i < y.length; i++) total[i + 1] = total[i]! + y[i]!;
  const means = new Float64Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const first = Math.max(i - half, 0);
    const end = Math.min(i + half + 1, y.length);
    means[i] = (total[end]! - total[first]!) / (end - first);
  }
  return means;
}
