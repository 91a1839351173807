import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerCodes, labelOf, readLabels, recordName, sourceOf } from '../../src/evaluate/labels.js';

const read = (text: string) => readLabels(new TextEncoder().encode(text));
const [AF, PVC, RBBB, TINV] = ['164889003', '427172004', '713427006', '59931005'];

describe('readLabels', () => {
  it('reads the columns it knows, by any name of the record', () => {
    const labels = read('file,record_id,dataset,scored_codes,age\n00049_lr,HR00049,PTB-XL,164889003;59118001,23\n\nx/A1.hea,,,,\n');
    const entry = { codes: [AF, '59118001'], source: 'PTB-XL' };
    expect(labels).toEqual(
      new Map<string, object>([
        ['00049_lr', entry],
        ['HR00049', entry],
        ['A1', { codes: [] }],
      ]),
    );
  });

  it('takes all codes rather than the scored ones, quoted cells, other separators and line ends', () => {
    const labels = read('record_id,scored_codes,snomed_codes\r\n"A,1",1,"2,3"\r\nB,1,2|3 4\r\n');
    expect(labels.get('A,1')!.codes).toEqual(['2', '3']);
    expect(labels.get('B')!.codes).toEqual(['2', '3', '4']);
  });

  it('reads what its cells hold, empty ones and the first among them', () => {
    const cells = fc.array(fc.array(fc.constantFrom('', '1', 'a,b', 'say ""x""', '"', "'"), { minLength: 3, maxLength: 3 }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(cells, (rows) => {
        const quote = (cell: string) => (/[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
        const lines = rows.map((row, i) => [quote(row[0]!), `r${i}`, '7', quote(row[1]!), quote(row[2]!)].join(','));
        const labels = read([',record_id,codes,dataset,other', ...lines].join('\n'));
        rows.forEach((row, i) => {
          expect(labels.get(`r${i}`)).toEqual(row[1] === '' ? { codes: ['7'] } : { codes: ['7'], source: row[1] });
        });
      }),
    );
    expect(read('codes,record_id\n,A').get('A')).toEqual({ codes: [] });
    expect(read('record_id,codes,dataset\nA,1,\u001b[31mred').get('A')!.source).toBe('[31mred');
  });

  it('takes a record that stands twice, but not with other codes', () => {
    expect(read('record_id,codes\na/A,1\nb/A.hea,1').size).toBe(1);
    expect(() => read('record_id,codes\na/A,1\nb/A,2')).toThrow(
      expect.objectContaining({ code: 'BAD_LABELS', place: { format: 'labels', line: 3 } }),
    );
  });

  it.each([
    ['', 'no column for the record'],
    ['age,sex\n1,2', 'no column for the record'],
    ['record_id,age\nA,2', 'no column for the SNOMED codes'],
    ['record_id,dx\nA', 'cells expected'],
  ])('%j is refused with its place', (text, message) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'BAD_LABELS', message: expect.stringContaining(message) }));
    expect(() => read(text)).toThrow(/line \d/);
  });
});

it('headerCodes finds the line of the challenge', () => {
  expect(headerCodes(['Age: 85', 'Dx: 164889003,59118001', 'Rx: 5'])).toEqual([AF, '59118001']);
  expect(headerCodes([' dx : 7'])).toEqual(['7']);
  expect(headerCodes(['Dx: '])).toBeUndefined();
  expect(headerCodes(['Dx: AF, 164889003'])).toEqual(['AF', AF]);
  expect(headerCodes(['Age: 85'])).toBeUndefined();
  expect(headerCodes()).toBeUndefined();
});

it('names without folder and ending tell the data set', () => {
  expect(recordName('a/b\\HR00049.hea')).toBe('HR00049');
  expect(recordName('00049_lr')).toBe('00049_lr');
  const sources = ['A0001', 'HR00001', 'E00001', 'JS10646', 'JS10647', 'JS45551', 'ludb-7', 'other', 'A001'].map(sourceOf);
  expect(sources).toEqual(['CPSC2018', 'PTB-XL', 'Georgia', 'Chapman-Shaoxing', 'Ningbo', 'Ningbo', 'LUDB', undefined, undefined]);
});

describe('labelOf', () => {
  it('is strict: the codes of the class, merged pairs included, and no other', () => {
    expect(labelOf(RBBB!, { codes: ['59118001'] }, 'strict')).toBe(1);
    expect(labelOf(AF!, { codes: [RBBB!] }, 'strict')).toBe(0);
    expect(labelOf(PVC!, { codes: ['164884008'] }, 'strict')).toBe(0);
    expect(labelOf('of-my-own', { codes: ['of-my-own'] }, 'strict')).toBe(1);
  });

  it('counts ventricular ectopics as PVC on request', () => {
    expect(labelOf(PVC!, { codes: ['164884008'] }, 'pvc-164884008')).toBe(1);
    expect(labelOf(AF!, { codes: ['164884008'] }, 'pvc-164884008')).toBe(0);
  });

  it('knows what LUDB never states, but believes it where it does', () => {
    expect(labelOf(TINV!, { codes: [], source: 'LUDB' }, 'ludb-unstated-unknown')).toBeNaN();
    expect(labelOf(TINV!, { codes: [TINV!], source: 'LUDB' }, 'ludb-unstated-unknown')).toBe(1);
    expect(labelOf(TINV!, { codes: [], source: 'PTB-XL' }, 'ludb-unstated-unknown')).toBe(0);
    expect(labelOf(TINV!, { codes: [], source: 'LUDB' }, 'strict')).toBe(0);
  });
});
