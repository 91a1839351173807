// Results as lines of JSON, one a record: written as they come, so that a folder of any size needs the memory of one record.

import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** Where the lines go. `done`: the records that are there already. */
export interface LineOutput {
  readonly done: ReadonlySet<string>;
  write(element: object): Promise<void>;
  close(): Promise<void>;
}

/** Typed arrays as JSON arrays. */
export function plainArrays(_key: string, value: unknown): unknown {
  return value instanceof Float32Array ? Array.from(value) : value;
}

const lineOf = (element: object) => `${JSON.stringify(element, plainArrays)}\n`;

/** Lines on standard output; a slow reader is waited for. */
export function standardOutput(): LineOutput {
  return {
    done: new Set(),
    async write(element) {
      if (!process.stdout.write(lineOf(element))) await once(process.stdout, 'drain');
    },
    async close() {},
  };
}

/** Lines behind those that a file has. What a kill has left of a last line is cut off, and done again. */
export async function appendTo(file: string): Promise<LineOutput> {
  const handle = await open(file, 'a+');
  const done = await readDone(handle, file);
  return {
    done,
    write: (element) => handle.appendFile(lineOf(element)),
    close: () => handle.close(),
  };
}

async function readDone(handle: FileHandle, file: string): Promise<Set<string>> {
  const done = new Set<string>();
  let whole = 0;
  const { size } = await handle.stat();
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: 0 })) {
    const end = whole + Buffer.byteLength(line) + 1;
    if (end > size) break; // no newline: not written to its end
    whole = end;
    const record = recordOf(line);
    if (record !== undefined) done.add(record);
  }
  if (whole < size) await handle.truncate(whole);
  return done;
}

function recordOf(line: string): string | undefined {
  try {
    const { record } = JSON.parse(line) as { record?: unknown };
    return typeof record === 'string' ? record : undefined;
  } catch {
    return undefined; // a line of something else stays as it is
  }
}
