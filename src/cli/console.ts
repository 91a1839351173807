/** The weights that ship with the package. */
export const DEFAULT_WEIGHTS = new URL('../weights/edge.safetensors', import.meta.url);

/** Everything that is no result goes to standard error. */
export function report(line: string): void {
  process.stderr.write(`${line}\n`);
}
