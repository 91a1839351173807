// The command line as a process of its own, with any arguments: an exit code of 0, 1 or 2, errors of a line, and never a stack trace.

import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { leadwise, temporaryFolder } from '../cli/run.js';

const COMMANDS = [
  'classify',
  'convert',
  'evaluate',
  'inspect',
  'compare',
  'verify',
  'info',
  'convert-record',
  'simulate',
  'help',
  '--version',
  '',
];
const FLAGS = [
  'json',
  'all',
  'weights',
  'leads',
  'fs',
  'units',
  'start',
  'seconds',
  'quality',
  'windows',
  'labels',
  'preset',
  'quantize',
  'force',
  'ndjson',
  'seed',
  'rhythm',
  'x',
  '',
];
const VALUES = ['0', '-1', '1e999', 'NaN', 'I,II', 'mV', 'all', '0.1', '', ' ', 'x', '--', '-', '__proto__', 'constructor'];

const temporary = temporaryFolder();
const files = [
  ['a.csv', 'I (mV)\n1\n2\n'],
  ['a.hea', 'a 1 500 99999999\na.dat 16 200 16 0 0 0 0 I\n'],
  ['a.json', '{"fs":0}'],
  ['a.xml', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
  ['a.edf', '0       '],
  ['a.safetensors', '\0\0\0\0\0\0\0\0{}'],
  ['a.pt', 'PK\x03\x04'],
].map(([name, content]) => {
  const path = temporary(name!);
  writeFileSync(path, content!, 'latin1');
  return path;
});

const flag = fc.constantFrom(...FLAGS).map((name) => `--${name}`);
const value = fc.oneof(fc.constantFrom(...VALUES), fc.constantFrom(...files), fc.constant(temporary('none')), fc.string({ maxLength: 12 }));
const argument = fc.oneof(
  flag,
  value,
  fc
    .tuple(
      flag,
      value.map((text) => text.replaceAll('\0', '')),
    )
    .map(([name, text]) => `${name}=${text}`),
);

const printable = (text: string) => [...text].filter((letter) => letter >= ' ').join('');

it('answers any call', async () => {
  const codes = new Set<number | null>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...COMMANDS), fc.array(argument, { maxLength: 5 }), async (command, rest) => {
      const args = [command, ...rest.map(printable)];
      const { code, stderr } = await leadwise(args);
      codes.add(code);
      expect([0, 1, 2], args.join(' ')).toContain(code);
      if (code === 2) expect(stderr, args.join(' ')).toMatch(/^leadwise: [^\n]+\nSee leadwise --help\.\n$/);
      if (code === 1) for (const line of stderr.trimEnd().split('\n')) expect(line.length, args.join(' ')).toBeGreaterThan(0);
    }),
    { numRuns: 50, seed: 20261126 },
  );
  expect(codes.size).toBeGreaterThan(1);
});

it.each(['info', 'classify', 'convert-record'])('%s names what is wrong with each file', async (command) => {
  for (const file of files) {
    const more = command === 'convert-record' ? [temporary('out.csv')] : [];
    const { code, stderr } = await leadwise([command, file, ...more]);
    if (file.endsWith('a.csv') && code === 0) continue;
    expect(code, file).toBe(1);
    expect(stderr.trimEnd().split('\n'), file).toHaveLength(1);
    expect(stderr, file).toMatch(/\[[A-Z][A-Z0-9_]+\]\n$/);
  }
});
