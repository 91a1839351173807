import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openReportPage } from '../../src/cli/report-page.js';
import { RecordError } from '../../src/errors.js';
import { loadModelFile } from '../../src/node.js';
import { formatCsv, simulate } from '../../src/simulate.js';
import { NOTICE } from '../../src/version.js';
import { overlaps, pulsesOf, sizeOf, textsOf, wordsOf } from '../render/sheets.js';
import { leadwise, temporaryFolder } from './run.js';

const file = temporaryFolder();
const csv = file('ecg.csv');
const flat = file('flat.csv');
/** A table of a record whose leads have one value each. */
const constant = (at: (lead: number) => number) => {
  const { fs, sigName, units, signal } = simulate({ seed: 1 });
  return formatCsv({ fs, sigName, units, signal: signal.map((values, lead) => values.map(() => at(lead))) });
};
const notFinite = constant(() => Number.NaN);

beforeAll(() => {
  writeFileSync(csv, formatCsv(simulate({ seed: 1, seconds: 12 })));
  writeFileSync(
    flat,
    constant((lead) => (lead === 1 ? Number.NaN : lead / 10)),
  );
});

describe('leadwise render', () => {
  it('draws a classified sheet, and does not overwrite it', async () => {
    const output = file('ecg.svg');
    const { code, stdout, stderr } = await leadwise(['render', csv, '-o', output]);
    expect([code, stdout, stderr]).toEqual([0, '', `wrote ${output}\n`]);
    const svg = readFileSync(output, 'utf8');
    expect(pulsesOf(svg)).toHaveLength(4);
    for (const words of [
      NOTICE,
      'NSR',
      'sinus rhythm',
      'Quality: ok',
      '25 mm/s  ·  10 mm/mV  ·  no filter  ·  500 Hz  ·  0.0–10.0 s of 12.0 s',
    ]) {
      expect(wordsOf(svg)).toContain(words);
    }
    expect(overlaps(textsOf(svg))).toEqual([]);
    const again = await leadwise(['render', csv, '--output', output]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('[FILE_EXISTS]');
    expect((await leadwise(['render', csv, '-o', output, '--force'])).code).toBe(0);
    expect(readFileSync(output, 'utf8')).toBe(svg);
  });

  it('to standard output, from standard input, without findings', async () => {
    const { code, stdout, stderr } = await leadwise(
      ['render', '-', '-o', '-', '--no-findings', '--title', 'A <b> title'],
      readFileSync(csv),
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(wordsOf(stdout)).toContain('A <b> title');
    expect(wordsOf(stdout).join(' ')).not.toMatch(/Findings|model/);
  });

  it('draws what is of no use without findings, says why, and fails', async () => {
    const [output, picture] = [file('flat.svg'), file('flat.png')];
    const { code, stdout, stderr } = await leadwise(['render', flat, '-o', output, '--explain', 'strongest']);
    expect([code, stdout]).toEqual([1, '']);
    const message = 'No lead carries a signal: I flat, II not-finite, III flat';
    expect(stderr).toMatch(new RegExp(`^${flat}: ${message}.* \\[NO_USABLE_LEAD\\]\nwrote ${output}\n$`));
    const svg = readFileSync(output, 'utf8');
    for (const words of ['quality: reject', 'Quality: reject', 'No findings: NO_USABLE_LEAD', 'not finite', 'flat'])
      expect(wordsOf(svg)).toContain(words);
    expect(wordsOf(svg).join(' ')).toContain(message);
    expect(wordsOf(svg).join(' ')).not.toMatch(/not used|model edge/);
    expect(overlaps(textsOf(svg))).toEqual([]);
    const standard = await leadwise(['render', flat, '-o', '-', '--explain', 'AF']);
    expect([standard.code, standard.stdout, standard.stderr]).toEqual([1, svg, stderr.replace(`wrote ${output}\n`, '')]);
    expect((await leadwise(['render', flat, '-o', picture, '--dpi', '50'])).code).toBe(1);
    expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG');
    // No findings are asked for: nothing has failed.
    expect((await leadwise(['render', flat, '-o', '-', '--no-findings'])).code).toBe(0);
  });

  it('of what nobody judged, the reason', async () => {
    const { code, stdout } = await leadwise(['render', '-', '-o', '-', '--quality', 'off'], notFinite);
    expect(code).toBe(1);
    for (const words of ['No findings: NO_USABLE_LEAD', 'Quality: not judged']) expect(wordsOf(stdout)).toContain(words);
  });

  it('flags say how it is drawn', async () => {
    const flags = ['--speed', '50', '--gain', '5', '--layout', '6x2+1', '--rhythm', 'v1', '--start', '1.5', '--leads', 'I,II,V1'];
    const { code, stdout } = await leadwise(['render', csv, '-o', '-', '--no-findings', ...flags]);
    expect(code).toBe(0);
    expect(sizeOf(stdout).width).toBe(552);
    expect(wordsOf(stdout)).toContain('50 mm/s  ·  5 mm/mV  ·  no filter  ·  500 Hz  ·  1.5–11.5 s of 12.0 s');
    expect(wordsOf(stdout).filter((words) => words === 'not recorded')).toHaveLength(9);
    expect(wordsOf(stdout).filter((words) => words === 'V1')).toHaveLength(2);
  });

  it.each(['strongest', 'nsr', '426783006'])('--explain %s', async (word) => {
    const { code, stdout } = await leadwise(['render', csv, '-o', '-', '--explain', word]);
    expect(code).toBe(0);
    expect(wordsOf(stdout).join('\n')).toMatch(/^What speaks for NSR, sinus rhythm \(logit \d\.\d\d\)$/m);
    expect(stdout.match(/<rect data-second=/g)).toHaveLength(20);
    expect(stdout.match(/<rect data-hidden=/g)).toHaveLength(12);
  });

  it('a PNG has the size that the dots an inch make, and says so', async () => {
    const output = file('ecg.png');
    const { code, stderr } = await leadwise(['render', csv, '-o', output, '--dpi', '100', '--no-findings']);
    expect([code, stderr]).toEqual([0, `wrote ${output}\n`]);
    const png = readFileSync(output);
    expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]));
    expect(png.readUInt32BE(16)).toBe(Math.floor((297 / 25.4) * 100));
    // pHYs: 3937 dots a metre, both ways, and its CRC as zlib computes it.
    expect(png.subarray(33, 54).toString('hex')).toBe('00000009704859730000' + '0f6100000f6101a83fa769');
  });

  it('without the package that draws pixels, says which one it is', async () => {
    const alone = file('alone');
    cpSync(fileURLToPath(new URL('../../dist', import.meta.url)), `${alone}/dist`, { recursive: true });
    writeFileSync(`${alone}/package.json`, '{ "type": "module" }');
    const run = spawnSync(process.execPath, [`${alone}/dist/cli.js`, 'render', csv, '-o', file('alone.png')], { encoding: 'utf8' });
    expect(run.status).toBe(1);
    expect(run.stderr).toContain('npm install @resvg/resvg-js. SVG needs nothing [LIBRARY_REQUIRED]');
  });

  it('a PNG has at most 100 megapixels, and the message names a --dpi that fits', async () => {
    const args = ['render', csv, '--no-findings', '--speed', '50', '--gain', '20', '--layout', '12x1', '-o', file('huge.png'), '--dpi'];
    const { code, stderr } = await leadwise([...args, '600']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/the picture has \d+ megapixels, at most 100 are drawn: --dpi \d+ or less, or \.svg \[PICTURE_TOO_LARGE\]/);
    expect(existsSync(file('huge.png'))).toBe(false);
    expect(Number(/--dpi (\d+)/.exec(stderr)![1])).toBeGreaterThan(300);
  });

  it('a PNG needs a font that is one', async () => {
    const { code, stderr } = await leadwise(['render', csv, '-o', file('none.png'), '--font', csv]);
    expect(code).toBe(1);
    expect(stderr).toContain('[NO_FONT]');
    expect(existsSync(file('none.png'))).toBe(false);
  });

  it.each([
    [[csv], 'render needs an output: -o ecg.svg'],
    [['-o', 'x.svg'], 'render draws one FILE'],
    [[csv, csv, '-o', 'x.svg'], 'leadwise classify FILE… --report page.html'],
    [[csv, '-o', 'x.pdf'], `an output file's name ends in .svg or .png; got "x.pdf"`],
    [[csv, '-o', '-', '--speed', '30'], '--speed expected 25, 50, got 30'],
    [[csv, '-o', '-', '--gain', 'much'], '--gain expected a number, got "much"'],
    [[csv, '-o', '-', '--layout', '4x3'], '--layout expected 3x4+1'],
    [[csv, '-o', '-', '--rhythm', 'X'], '--rhythm expected a lead, got "X"'],
    [[csv, '-o', '-', '--dpi', '100'], '--dpi and --font are for a .png'],
    [[csv, '-o', 'x.png', '--dpi', '5000'], '--dpi expected 30 to 600, got 5000'],
    [[csv, '-o', '-', '--explain', 'XYZ'], '--explain expected strongest, or one of'],
    [[csv, '-o', '-', '--explain', 'AF', '--no-findings'], '--explain explains a finding'],
    [[csv, '-o', '-', '--no-findings', '--quality', 'nonsense'], '--quality expected gate, report, off, got "nonsense"'],
  ])('%j is a wrong call', async (args, message) => {
    const { code, stdout, stderr } = await leadwise(['render', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it('a folder of several recordings is a wrong call, of one it is that one', async () => {
    const folder = file('folder');
    mkdirSync(folder);
    writeFileSync(`${folder}/a.csv`, readFileSync(csv));
    expect((await leadwise(['render', folder, '-o', '-', '--no-findings'])).code).toBe(0);
    writeFileSync(`${folder}/b.csv`, readFileSync(csv));
    expect((await leadwise(['render', folder, '-o', '-', '--no-findings'])).code).toBe(2);
  });

  it('what cannot be read or drawn is named', async () => {
    const missing = await leadwise(['render', file('nowhere.csv'), '-o', '-']);
    expect([missing.code, missing.stdout]).toEqual([1, '']);
    expect(missing.stderr).toContain('[FILE_NOT_FOUND]');
    const noFolder = await leadwise(['render', csv, '-o', file('no/such/folder.svg')]);
    expect(noFolder.code).toBe(1);
    expect(noFolder.stderr).toContain('ENOENT');
    // Root may write everywhere.
    const [locked, other] = [file('locked.svg'), process.getuid?.() === 0 ? { uid: 65534 } : {}];
    writeFileSync(locked, 'kept', { mode: 0o444 });
    chmodSync(dirname(locked), 0o777);
    const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
    const refused = spawnSync(process.execPath, [cli, 'render', file('nowhere.csv'), '-o', locked, '--force'], {
      encoding: 'utf8',
      ...other,
    });
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/EACCES|EPERM/)]);
    mkdirSync(file('folder.svg'));
    const folder = await leadwise(['render', file('nowhere.csv'), '-o', file('folder.svg'), '--force']);
    expect([folder.code, folder.stderr]).toEqual([
      1,
      expect.stringContaining(`${file('folder.svg')} is a folder: name a file [IS_FOLDER]`),
    ]);
  });
});

describe('leadwise classify --report', () => {
  it('one page for all, with what failed', async () => {
    const page = file('page.html');
    const { code, stdout, stderr } = await leadwise([
      'classify',
      csv,
      file('nowhere.csv'),
      '--report',
      page,
      '--explain',
      'strongest',
      '--json',
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect(stderr).toContain(`wrote ${page}`);
    const html = readFileSync(page, 'utf8');
    expect(html.match(/<section id="[^"]*"/g)).toEqual(['<section id="record-1"', '<section id="failures"']);
    expect(html).toContain('What speaks for NSR, sinus rhythm');
    expect(html).toContain('<code>FILE_NOT_FOUND</code>');
    expect(html).toContain(`<h2>${csv}</h2>`);
    expect((await leadwise(['classify', csv, '--report', page])).stderr).toContain('[FILE_EXISTS]');
    expect((await leadwise(['classify', csv, '--report', page, '--force'])).code).toBe(0);
  });

  it('a record of no use has a section, and is a failure all the same', async () => {
    const page = file('unusable.html');
    const { code, stderr } = await leadwise(['classify', flat, csv, file('nowhere.csv'), '--report', page, '--explain', 'strongest']);
    expect(code).toBe(1);
    expect(stderr).toContain('[NO_USABLE_LEAD]');
    const html = readFileSync(page, 'utf8');
    expect(Array.from(html.matchAll(/<section id="([^"]*)"/g), ([, id]) => id)).toEqual(['record-1', 'record-2', 'failures']);
    const [first, failures] = ['record-1', 'failures'].map((id) => new RegExp(`<section id="${id}">[^]*?</section>`).exec(html)![0]);
    expect(first).toContain(`<h2>${flat}</h2>`);
    for (const words of ['quality: reject', 'No findings: NO_USABLE_LEAD', flat]) expect(wordsOf(first!)).toContain(words);
    expect(first).toContain('<h3>No findings</h3>');
    expect(first).toContain('<code>NO_USABLE_LEAD</code> No lead carries a signal: I flat, II not-finite');
    expect(failures).toContain(flat);
    expect(failures).toContain('<code>NO_USABLE_LEAD</code>');
    expect(failures).toContain('<code>FILE_NOT_FOUND</code>');
    expect(html).toContain('<strong>2 records failed.</strong>');
  });

  it.each([
    [['--explain', 'AF'], '--explain is for --report'],
    [['--force'], '--force is for --report'],
    [['--report', 'x.html', '--explain', 'XYZ'], '--explain expected strongest, or one of'],
    [['--report', '-'], '--report expected a file whose name ends in .html or .htm, got "-"'],
    [['--report', csv, '--force'], '--report expected a file whose name ends in .html or .htm'],
    [['--report', 'x.html', '--ndjson', '--output', 'x.ndjson'], '--report and --output exclude each other'],
  ])('%j is a wrong call', async (flags, message) => {
    const { code, stdout, stderr } = await leadwise(['classify', csv, ...flags]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(existsSync('x.html')).toBe(false);
  });

  it('with --windows all, explains and draws the window where the finding is most probable', async () => {
    // Four windows; the first one has no signal, and nothing but the third is a tachycardia.
    const [slow, fast] = [60, 150].map((heartRate) => simulate({ seed: 1, seconds: 40, heartRate }));
    const signal = slow!.signal.map((values, lead) =>
      values.map((value, n) => (n < 5000 ? 0 : n >= 10_000 && n < 15_000 ? fast!.signal[lead]![n]! : value)),
    );
    const [long, page] = [file('long.csv'), file('long.html')];
    writeFileSync(long, formatCsv({ fs: slow!.fs, sigName: slow!.sigName, units: slow!.units, signal }));
    const args = ['classify', long, '--windows', 'all', '--json', '--report', page, '--explain', 'STach'];
    const { code, stdout, stderr } = await leadwise(args);
    expect([code, stderr]).toEqual([0, `wrote ${page}\n`]);
    const [{ windows, findings }] = JSON.parse(stdout);
    expect('error' in windows[0]).toBe(true);
    const { logit } = findings.find(({ abbreviation }: { abbreviation: string }) => abbreviation === 'STach');
    const words = wordsOf(readFileSync(page, 'utf8'));
    expect(words).toContain(`What speaks for STach, sinus tachycardia (logit ${logit.toFixed(2).replace('-', '−')})`);
    expect(words).toContain('25 mm/s  ·  10 mm/mV  ·  no filter  ·  500 Hz  ·  20.0–30.0 s of 40.0 s');
    const seconds = Array.from(readFileSync(page, 'utf8').matchAll(/data-second="([^"]*)"/g), ([, second]) => Number(second));
    expect(seconds).toEqual(Array.from({ length: 20 }, (_, k) => 20 + k / 2));
  });

  it('an explanation that fails does not fail the record', async () => {
    const page = file('unexplained.html');
    const model = await loadModelFile(new URL('../../weights/edge.safetensors', import.meta.url));
    const record = simulate({ seed: 1 });
    const result = model.classify(record);
    model.explain = async () => Promise.reject(new RecordError('NO_USABLE_LEAD', 'no lead is of use'));
    const parsed = { files: [], values: { report: page, explain: 'AF' }, lists: {}, switches: {} };
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const report = openReportPage(parsed, model, 'gate')!;
    await report.add('ecg.csv', record, result);
    await report.write();
    const [first] = said.mock.calls;
    said.mockRestore();
    const note = 'AF could not be explained: no lead is of use [NO_USABLE_LEAD]';
    expect(first).toEqual([`ecg.csv: ${note}\n`]);
    expect(readFileSync(page, 'utf8')).toContain(`<p class="caption">${note}</p>`);
  });

  it('more records than a browser opens is a wrong call', async () => {
    const { code, stderr } = await leadwise(['classify', ...Array.from({ length: 201 }, () => csv), '--report', file('many.html')]);
    expect(code).toBe(2);
    expect(stderr).toContain('--report takes at most 200 records, got 201');
  });
});
