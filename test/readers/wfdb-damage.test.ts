// Whatever bytes come, a record or a named error comes of them.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError, readWfdb } from '../../src/readers/index.js';
import type { WfdbOptions } from '../../src/readers/wfdb.js';
import { FIXTURES, fixture, LIBRARIES } from './wfdb-fixtures.js';
import { expectRecordOrNamedError, openFrom, twelveLeads, type WrittenRecord, writeChallenge, writeWfdb } from './writers.js';

const SEED = 20261125;

/** Files that are not there are a FormatError too, as `readRecord` has it. */
const read = ({ header, files }: WrittenRecord, options: WfdbOptions = {}) => {
  const open = (name: string) => {
    const bytes = files.get(name);
    if (!bytes) throw new FormatError('FILE_NOT_FOUND', 'there is no such file', { file: name });
    return bytes;
  };
  return readWfdb(header, open, { libraries: LIBRARIES, ...options });
};

async function expectRecordOrFormatError(record: WrittenRecord, options: WfdbOptions = {}): Promise<void> {
  await expectRecordOrNamedError(async () => {
    try {
      return await read(record, options);
    } catch (error) {
      expect(error).toBeInstanceOf(FormatError);
      throw error;
    }
  });
}

describe('every truncation of every fixture', () => {
  it.each(FIXTURES.map((record) => [record.name, record] as const))('%s', async (_, record) => {
    const whole = await read(record);
    for (let end = 0; end < record.header.length; end++) {
      await expectRecordOrFormatError({ ...record, header: record.header.slice(0, end) }, { checksum: 'ignore' });
    }
    for (const [name, bytes] of record.files) {
      for (let end = 0; end < bytes.length; end++) {
        const cut = { header: record.header, files: new Map(record.files).set(name, bytes.subarray(0, end)) };
        if (!/\.dat (?:508|516|524)/.test(record.header)) await expectRecordOrFormatError(cut, { checksum: 'ignore' }); // (FLAC takes long)
        if (!name.endsWith('.dat')) continue;
        // A signal file that is cut is never taken for a whole one.
        await read(cut).then(
          (result) => expect(result).toEqual(whole),
          (error) => expect(error).toBeInstanceOf(FormatError),
        );
      }
    }
  });
});

/** One change of some bytes: a byte replaced, put in or taken out, or a digit set. */
type Change = { at: number; kind: 'set' | 'insert' | 'delete' | 'digit'; byte: number };

const changes = fc.array(
  fc.record({
    at: fc.nat(2000),
    kind: fc.constantFrom<Change['kind']>('set', 'insert', 'delete', 'digit'),
    byte: fc.nat(255),
  }),
  { minLength: 1, maxLength: 4 },
);

function change(bytes: Uint8Array, list: Change[]): Uint8Array {
  const changed = [...bytes];
  for (const { at, kind, byte } of list) {
    const index = at % (changed.length + 1);
    if (kind === 'insert') changed.splice(index, 0, byte);
    else if (kind === 'delete') changed.splice(index, 1 + (byte % 9));
    else changed[index] = kind === 'digit' ? 48 + (byte % 10) : byte;
  }
  return Uint8Array.from(changed);
}

describe('random mutations', () => {
  const options = fc.record({
    checksum: fc.constantFrom<'verify' | 'ignore'>('verify', 'ignore'),
    smoothFrames: fc.boolean(),
    startSeconds: fc.constantFrom(0, 0.1),
  });

  it('of headers and of signal files', async () => {
    const property = fc.asyncProperty(fc.nat(), fc.nat(), changes, options, async (which, file, list, chosen) => {
      const record = FIXTURES[which % FIXTURES.length]!;
      const names = ['', '', ...record.files.keys()];
      const name = names[file % names.length]!;
      const isHeader = name === '';
      const bytes = isHeader ? new TextEncoder().encode(record.header) : record.files.get(name)!;
      const changed = change(bytes, list);
      const header = isHeader ? new TextDecoder().decode(changed) : record.header;
      await expectRecordOrFormatError({ header, files: isHeader ? record.files : new Map(record.files).set(name, changed) }, chosen);
    });
    await fc.assert(property, { numRuns: 6000, seed: SEED });
  });

  it.each(['fmt16', 'fmt61', 'fmt80', 'fmt160', 'fmt212'])('of one byte are found by the checksum: %s', async (name) => {
    const { header, files } = fixture(name);
    const [[file, bytes]] = [...files] as [[string, Uint8Array]];
    const property = fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const changed = bytes.map((byte, index) => (index === at ? byte ^ flip : byte));
      const error = { name: 'FormatError', code: 'CHECKSUM_MISMATCH' };
      await expect(read({ header, files: new Map([[file, changed]]) })).rejects.toMatchObject(error);
    });
    await fc.assert(property, { numRuns: 300, seed: SEED });
  });
});

describe('made-up records', () => {
  const plain = writeWfdb('rec', 500, [
    { digital: [1, 2, 3], format: '212', fileName: 'a.dat' },
    { digital: [-4, 5, -6], format: '16', fileName: 'b.dat' },
  ]);
  const challenge = writeChallenge('A0001', 500, twelveLeads(10));

  it.each([
    ['two files', plain],
    ['challenge', challenge],
  ])('every truncation: %s', async (_, written) => {
    for (let end = 0; end <= written.header.length; end++) {
      await expectRecordOrNamedError(() => readWfdb(written.header.slice(0, end), openFrom(written)));
    }
    for (const [cut, bytes] of written.files) {
      for (let end = 0; end < bytes.length; end++) {
        const open = (name: string) => (name === cut ? bytes.subarray(0, end) : openFrom(written)(name));
        await expect(readWfdb(written.header, open)).rejects.toMatchObject({ name: 'FormatError' });
        await expectRecordOrNamedError(() => readWfdb(written.header.replace(/500 \d+/, '500'), open));
      }
    }
  });

  it('any header, any bytes', async () => {
    const token = fc.constantFrom(
      'rec',
      'rec.dat',
      'rec.mat',
      '1',
      '2',
      '0',
      '-1',
      '16',
      '212',
      '16+24',
      '200(0)/mV',
      '#',
      '\n',
      '\n',
      'é',
      '1e9',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(' ')),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.uint8Array({ maxLength: 200 }), (header, bytes) =>
        expectRecordOrNamedError(() => readWfdb(header, () => bytes)),
      ),
      { numRuns: 2000 },
    );
  });

  it('one byte changed in a challenge record', async () => {
    const mat = challenge.files.get('A0001.mat')!;
    await fc.assert(
      fc.asyncProperty(fc.nat(mat.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const changed = mat.map((byte, index) => (index === at ? byte ^ flip : byte));
        if (at >= 20 && at < 23) return; // the matrix's name is free
        await expect(readWfdb(challenge.header, () => changed)).rejects.toMatchObject({ name: 'FormatError' });
      }),
      { numRuns: 500 },
    );
  });
});
