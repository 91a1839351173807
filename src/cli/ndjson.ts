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

const NEWLINE = 0x0a;
const BRACE = 0x7b;

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
  const { size } = await handle.stat();
  const done = size === 0 ? new Set<string>() : await readDone(file); // devices have no end to read to
  if (size > 0) await endLastLine(handle, await lastLineStart(file), size);
  return {
    done,
    write: (element) => handle.appendFile(lineOf(element)),
    close: () => handle.close(),
  };
}

async function readDone(file: string): Promise<Set<string>> {
  const done = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    const record = recordOf(line);
    if (record !== undefined) done.add(record);
  }
  return done;
}

/** Where in the file the line begins that no newline ends, in bytes: at the file's end where there is none. */
async function lastLineStart(file: string): Promise<number> {
  let [start, position] = [0, 0];
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    const newline = chunk.lastIndexOf(NEWLINE);
    if (newline >= 0) start = position + newline + 1;
    position += chunk.length;
  }
  return start;
}

/** Cuts off what has been begun of a result. All else is not ours: it stays, and is a line. */
async function endLastLine(handle: FileHandle, start: number, size: number): Promise<void> {
  if (start === size) return;
  const line = Buffer.alloc(size - start);
  await handle.read(line, 0, line.length, start);
  if (line[0] === BRACE && !isJson(line.toString())) await handle.truncate(start);
  else await handle.appendFile('\n');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function recordOf(line: string): string | undefined {
  try {
    const { record } = JSON.parse(line) as { record?: unknown };
    return typeof record === 'string' ? record : undefined;
  } catch {
    return undefined; // a line of something else stays as it is
  }
}
