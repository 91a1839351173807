import { parseArgs } from 'node:util';
import { standardLead } from '../ecg.js';

/** A mistake in the call itself: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** Flags of one command: `value` flags take one value, `list` flags one each time they are given, the others none. */
export type Flags = Record<string, 'value' | 'list' | 'switch'>;

export interface Arguments {
  readonly files: string[];
  readonly values: Readonly<Record<string, string | undefined>>;
  readonly lists: Readonly<Record<string, string[]>>;
  readonly switches: Readonly<Record<string, boolean>>;
}

/** Splits a command's arguments. @throws UsageError for a flag that it does not have, twice the same, or one without its value. */
export function parseArguments(args: string[], flags: Flags): Arguments {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, kind]) => [
      name,
      kind === 'switch' ? { type: 'boolean' as const } : { type: 'string' as const, multiple: true },
    ]),
  );
  let parsed: { values: Record<string, unknown>; positionals: string[] };
  try {
    parsed = parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split(/\.\s/, 1)[0]!);
  }
  const values: Record<string, string | undefined> = {};
  const lists: Record<string, string[]> = {};
  const switches: Record<string, boolean> = {};
  for (const [name, value] of Object.entries(parsed.values)) {
    if (flags[name] === 'list') lists[name] = value as string[];
    else if (Array.isArray(value)) {
      if (value.length > 1) throw new UsageError(`--${name} is given ${value.length} times`);
      values[name] = value[0] as string;
    } else {
      switches[name] = value as boolean;
    }
  }
  return { files: parsed.positionals, values, lists, switches };
}

/** The number of a flag. @throws UsageError */
export function numberFlag({ values }: Arguments, name: string): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new UsageError(`--${name} expected a number, got "${text}"`);
  return value;
}

/** One of a flag's words. @throws UsageError */
export function choiceFlag<T extends string>({ values }: Arguments, name: string, choices: readonly T[]): T | undefined {
  const text = values[name];
  if (text === undefined || choices.includes(text as T)) return text as T | undefined;
  throw new UsageError(`--${name} expected ${choices.join(', ')}, got "${text}"`);
}

/** The standard names of the leads in `--leads I,II`. @throws UsageError */
export function leadsFlag({ values }: Arguments): string[] | undefined {
  return values['leads']?.split(',').map((name) => {
    const lead = standardLead(name);
    if (lead === undefined) throw new UsageError(`--leads expected lead names such as I,II,V1, got "${name}"`);
    return lead;
  });
}
