import { mkdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHALLENGE_CLASSES } from '../../src/classes.js';
import { loadModelFile, readRecord } from '../../src/node.js';
import { formatCsv, formatWfdb, simulate } from '../../src/simulate.js';
import { uniform } from '../../src/splitmix32.js';
import { TINY_FILE } from '../tiny-network.js';
import { leadwise, leadwiseUnread, temporaryFolder } from './run.js';

const at = temporaryFolder();
const record = simulate({ seed: 5 });
const csv = formatCsv(record);
const NOTICE = 'Research software, not a medical device. Not for diagnosis or treatment.';

beforeAll(() => {
  writeFileSync(at('ecg.csv'), csv);
  const { header, signal } = formatWfdb(record, 'ecg');
  writeFileSync(at('ecg.hea'), header);
  writeFileSync(at('ecg.dat'), signal);
  // Without time and units, as many programs write it.
  const bare = csv
    .split('\n')
    .map((line) => line.slice(line.indexOf(',') + 1).replaceAll(' (mV)', ''))
    .join('\n');
  writeFileSync(at('bare.csv'), bare);
  writeFileSync(at('broken.csv'), 'time,I (mV)\n0,1\n0.002,one\n');
  writeFileSync(at('short.csv'), csv.split('\n').slice(0, 60).join('\n'));
  writeFileSync(at('tiny.safetensors'), TINY_FILE);
  for (const folder of ['records', 'records/deeper', 'nothing']) mkdirSync(at(folder));
  writeFileSync(at('records/b.csv'), csv);
  writeFileSync(at('records/a.csv'), formatCsv(simulate({ seed: 6, seconds: 4 })));
  writeFileSync(at('records/notes.txt'), 'not a record');
  writeFileSync(at('records/deeper/c.csv'), csv);
});

interface Element {
  record: string;
  error?: { code: string; message: string };
  findings: { code: string; abbreviation: string; name: string; logit: number; probability: number; present: boolean }[];
  logits: number[];
  leads: string[];
  flags: string[];
  leadsDropped: { lead: string; reason: string }[];
}

async function classifyJson(args: string[], input?: string): Promise<{ elements: Element[]; code: number | null; stderr: string }> {
  const { code, stdout, stderr } = await leadwise(['classify', '--json', ...args], input);
  return { code, stderr, elements: JSON.parse(stdout) as Element[] };
}

describe('classify', () => {
  it('shows a table: likely classes, the model, the notice', async () => {
    const { code, stdout, stderr } = await leadwise(['classify', at('ecg.csv')]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`${at('ecg.csv')}: 12 leads, 500 Hz, 10.0 s`);
    expect(stdout).toContain(NOTICE);
    expect(stdout).toMatch(/less likely classes: --all/);
    expect(stdout.match(/ %$/gm)!.length).toBeLessThan(26);
  });

  it('--all shows every class', async () => {
    const { stdout } = await leadwise(['classify', '--all', at('ecg.csv')]);
    expect(stdout.match(/ %$/gm)).toHaveLength(26);
    for (const { abbreviation, name } of CHALLENGE_CLASSES) expect(stdout).toContain(`${abbreviation.padEnd(11)} ${name}`);
  });

  it.each(['ecg.hea', 'ecg.dat', 'ecg', 'ecg.csv'])('--json of %s is one array with the result of the library', async (name) => {
    const { code, stderr, elements } = await classifyJson([at(name)]);
    expect([code, stderr]).toEqual([0, '']);
    const model = await loadModelFile(new URL('../../weights/edge.safetensors', import.meta.url));
    const expected = model.classify(await readRecord(at(name)));
    expect(elements).toEqual([JSON.parse(JSON.stringify({ record: at(name), ...expected, logits: Array.from(expected.logits) }))]);
    const [{ findings, logits }] = elements as [Element];
    expect(findings).toHaveLength(26);
    expect(logits).toHaveLength(26);
    expect(logits.every(Number.isFinite)).toBe(true);
    expect(elements[0]).toMatchObject({ schema: 1, notice: NOTICE, model: { version: '0.1.0' } });
  });

  it('--json --all is the same', async () => {
    expect((await classifyJson([at('ecg.csv'), '--all'])).elements).toEqual((await classifyJson([at('ecg.csv')])).elements);
  });

  it('--leads uses these alone', async () => {
    const [element] = (await classifyJson([at('ecg.csv'), '--leads', 'ii,Lead V2,i'])).elements as [Element];
    expect(element.leads).toEqual(['I', 'II', 'V2']);
    expect(element.leadsDropped).toHaveLength(9);
  });

  it('--fs and --units say what a table does not', async () => {
    const missing = await classifyJson([at('bare.csv')]);
    expect(missing).toMatchObject({ code: 1, elements: [{ error: { code: 'FS_REQUIRED' } }] });
    expect((await classifyJson([at('bare.csv'), '--fs', '500'])).elements[0]!.error?.code).toBe('UNITS_REQUIRED');
    const { code, elements } = await classifyJson([at('bare.csv'), '--fs', '500', '--units', 'mV']);
    expect(code).toBe(0);
    expect(elements[0]!.logits).toEqual((await classifyJson([at('ecg.csv')])).elements[0]!.logits);
  });

  it('what names hold does not reach the terminal, with info neither', async () => {
    writeFileSync(at('names.csv'), csv.replace('V6 (mV)', '\u001b[2J\u009bV (mV)'));
    for (const command of ['classify', 'info']) {
      const { code, stdout } = await leadwise([command, at('names.csv')]);
      expect([code, stdout]).toEqual([0, expect.stringContaining('\ufffd[2J\ufffdV')]);
      expect(stdout.replaceAll('\n', '').match(/\p{Cc}/u)).toBeNull();
    }
  });

  it('--weights takes another network', async () => {
    const { code, elements } = await classifyJson([at('ecg.csv'), '--weights', at('tiny.safetensors')]);
    expect([code, elements[0]]).toMatchObject([0, { model: { name: 'test-tiny' } }]);
  });

  it('--quality is passed on', async () => {
    const flat = csv
      .split('\n')
      .map((line, row) => (row === 0 ? line : line.replace(/,[^,]*$/, ',0.5')))
      .join('\n');
    const outcome = async (mode: string) => (await classifyJson(['-', '--quality', mode], flat)).elements[0]!;
    expect(await outcome('gate')).toMatchObject({ leadsDropped: [{ lead: 'V6', reason: 'flat' }], flags: [] });
    expect(await outcome('report')).toMatchObject({ leadsDropped: [], flags: ['flat:V6'] });
    expect(await outcome('off')).toMatchObject({ leadsDropped: [], flags: [] });
  });

  it('the table names leads that were read although they are rejected, and claims no drop that was none', async () => {
    const noisy = (leads: readonly string[]) =>
      formatCsv({
        fs: record.fs,
        sigName: record.sigName,
        units: record.units,
        signal: record.signal.map((values, lead) =>
          leads.includes(record.sigName[lead]!) ? values.map((_, n) => uniform(lead, n) - 0.5) : values,
        ),
      });
    const qualityLine = async (args: string[], table: string) => {
      const { code, stdout } = await leadwise(['classify', '-', ...args], table);
      expect(code).toBe(0);
      return [/^ {2}quality: .*$/m.exec(stdout)?.[0], /^ {2}without .*$/m.exec(stdout)?.[0]];
    };
    const some = noisy(['V1', 'V4']);
    expect(await qualityLine(['--quality', 'gate'], some)).toEqual([
      expect.not.stringContaining('read all the same'),
      '  without V1 (noise), V4 (noise)',
    ]);
    expect(await qualityLine(['--quality', 'report'], some)).toEqual([
      expect.stringMatching(/^ {2}quality: degraded \((?:.*; )?read all the same: V1 noise, V4 noise\)$/),
      undefined,
    ]);
    const [line, without] = await qualityLine(['--quality', 'report'], noisy(record.sigName.filter((lead) => lead !== 'V5')));
    expect(line).toMatch(/^ {2}quality: degraded \((?:.*; )?read all the same: I noise, II noise, .*, V4 noise, V6 noise\)$/);
    expect(without).toBeUndefined();
    const refused = await leadwise(['classify', '-', '--quality', 'report'], noisy(record.sigName));
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[NO_USABLE_LEAD]') });
  });

  it('- is standard input', async () => {
    const { code, elements } = await classifyJson(['-'], csv);
    expect([code, elements.length, elements[0]!.record]).toEqual([0, 1, '-']);
    expect(elements[0]!.logits).toEqual((await classifyJson([at('ecg.csv')])).elements[0]!.logits);
    expect(await classifyJson(['-'], '')).toMatchObject({ code: 1, elements: [{ record: '-', error: { code: expect.any(String) } }] });
  });

  it('a folder is the records in it, by name', async () => {
    const { code, elements } = await classifyJson([at('records')]);
    expect([code, elements.map(({ record: name }) => name)]).toEqual([0, [at('records/a.csv'), at('records/b.csv')]]);
    expect(elements[0]!.flags).toContain('short');
    expect(await classifyJson([at('nothing')])).toMatchObject({ code: 1, elements: [{ record: at('nothing'), error: {} }] });
  });

  it('goes on behind a file that fails', async () => {
    const names = [at('ecg.csv'), at('broken.csv'), at('nowhere.hea'), at('short.csv'), at('ecg.hea')];
    const { code, stderr, elements } = await classifyJson(names);
    expect(code).toBe(1);
    expect(elements.map(({ record: name, error }) => [name, error?.code])).toEqual([
      [names[0], undefined],
      [names[1], 'NOT_A_NUMBER'],
      [names[2], 'FILE_NOT_FOUND'],
      [names[3], 'RECORD_TOO_SHORT'],
      [names[4], undefined],
    ]);
    for (const { record: name, error } of elements) {
      if (!error) continue;
      expect(Object.keys(error)).toEqual(['code', 'message']);
      expect(stderr).toContain(`${name}: ${error.message} [${error.code}]`);
    }
    const table = await leadwise(['classify', ...names]);
    expect(table.code).toBe(1);
    expect(table.stdout.match(/12 leads, 500 Hz/g)).toHaveLength(2);
    expect(table.stderr).toContain('NOT_A_NUMBER');
  });

  it('names what is wrong with the weights', async () => {
    for (const [file, code] of [
      [at('nowhere.safetensors'), 'FILE_NOT_FOUND'],
      [at('ecg.csv'), 'BAD_SAFETENSORS'],
      [at('records'), 'FILE_NOT_FOUND'],
    ] as const) {
      const run = await leadwise(['classify', '--json', at('ecg.csv'), '--weights', file]);
      expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`[${code}]`) });
    }
  });

  it('does not mind a reader that stops', async () => {
    const many = new Array<string>(20).fill(at('ecg.csv'));
    expect(await leadwiseUnread(['classify', ...many, '--weights', at('tiny.safetensors')], ['stdout'])).toMatchObject({
      code: 0,
      stderr: expect.not.stringContaining('EPIPE'),
    });
    expect((await leadwiseUnread(['classify', at('broken.csv'), '--weights', at('tiny.safetensors')], ['stderr'])).code).toBe(1);
    expect((await leadwiseUnread(['classify', ...many, '--weights', at('tiny.safetensors')], ['stderr', 'stdout'])).code).toBe(0);
  });
});

describe('a wrong call of classify: exit code 2, nothing on standard output', () => {
  it.each<[string, string[]]>([
    ['needs at least one FILE', []],
    ['needs at least one FILE', ['--json']],
    ["Unknown option '--jsn'", ['ecg.csv', '--jsn']],
    ['--fs expected a number', ['ecg.csv', '--fs', 'fast']],
    ['--fs expected a number', ['ecg.csv', '--fs', '']],
    ['--fs expected a positive number', ['ecg.csv', '--fs', '0']],
    ['--fs expected a positive number', ['ecg.csv', '--fs=-500']],
    ['--fs', ['ecg.csv', '--fs']],
    ['--units expected mV, uV, adc, unknown', ['ecg.csv', '--units', 'V']],
    ['--quality expected gate, report, off', ['ecg.csv', '--quality', 'best']],
    ['--leads expected lead names', ['ecg.csv', '--leads', 'I,X']],
    ['--leads expected lead names', ['ecg.csv', '--leads', '']],
    ['--fs is given 2 times', ['ecg.csv', '--fs', '100', '--fs', '200']],
    ['--json', ['ecg.csv', '--json=yes']],
  ])('%s: %j', async (message, args) => {
    const run = await leadwise(['classify', ...args.map((argument) => (argument === 'ecg.csv' ? at(argument) : argument))]);
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
    expect(run.stderr).toContain('See leadwise --help');
  });
});
