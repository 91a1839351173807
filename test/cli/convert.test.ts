import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { convert } from '../../src/convert/index.js';
import { readFixture, TINY_CONFIG } from '../convert/fixture.js';
import { leadwise, temporaryFolder } from './run.js';

const path = temporaryFolder();
const [checkpoint, small, config, classes, thresholds] = [
  'MODEL_1.pickle',
  'small.pt',
  'config.json',
  'classes.json',
  'thresholds.json',
].map(path) as [string, string, string, string, string];
writeFileSync(checkpoint, readFixture('published-5.pickle'));
writeFileSync(small, readFixture('small.pt'));
writeFileSync(config, JSON.stringify(TINY_CONFIG));
writeFileSync(classes, '["a", "b", "c"]');
writeFileSync(thresholds, '[1, 2, 3]');
writeFileSync(path('broken.json'), '[1,');

describe('leadwise convert', () => {
  it('writes what the library makes, and the report', async () => {
    const [output, report] = [path('a.safetensors'), path('a.json')];
    const run = await leadwise(['convert', checkpoint, '-o', output, '--config', config, '--report', report]);
    expect(run).toMatchObject({ code: 0, stderr: `wrote ${output}, ${report}\n` });
    expect(run.stdout).toMatch(/config +tiny \(as given\)/);
    expect(run.stdout).toMatch(/classes +3: 733534002 426783006 my-class \(the checkpoint's\)/);
    expect(run.stdout).toMatch(/calibration +logit - ln\(10\)/);
    const expected = await convert(readFileSync(checkpoint), { config: TINY_CONFIG, name: 'MODEL_1', quantize: 'int8' });
    expect(run.stdout).toMatch(/Calibrated on 20 SIMULATED records/);
    expect(new Uint8Array(readFileSync(output))).toEqual(expected.file);
    expect(JSON.parse(readFileSync(report, 'utf8'))).toEqual(expected.report);
    const { stdout } = await leadwise(['inspect', output, '--all']);
    for (const text of ['MODEL_1', 'calibrated on 20 records (simulator), head room 2', 'integer products', 'on the logit'])
      expect(stdout).toContain(text);
    expect(stdout).toMatch(/linear2 +128 products, input ±[\d.]+ in steps of/);
    const { quantization, precision } = JSON.parse((await leadwise(['inspect', output, '--json'])).stdout);
    expect(precision).toBe('int8');
    const { inner, inputScale, largestInput } = quantization.products.find(({ name }: { name: string }) => name === 'linear2');
    expect([inner, largestInput / inputScale]).toEqual([128, expect.closeTo(32767, 1)]);
  });

  it('takes classes and thresholds', async () => {
    const output = path('b.safetensors');
    const run = await leadwise([
      'convert',
      checkpoint,
      '--output',
      output,
      '--config',
      config,
      '--classes',
      classes,
      '--thresholds',
      thresholds,
      '--quantize',
      'none',
    ]);
    expect(run.code).toBe(0);
    const expected = await convert(readFileSync(checkpoint), {
      config: TINY_CONFIG,
      name: 'MODEL_1',
      classes: ['a', 'b', 'c'],
      thresholds: [1, 2, 3],
    });
    expect(new Uint8Array(readFileSync(output))).toEqual(expected.file);
  });

  it('overwrites when told to', async () => {
    const output = path('c.safetensors');
    writeFileSync(output, 'mine');
    const call = ['convert', checkpoint, '-o', output, '--config', config];
    expect(await leadwise(call)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('--force overwrites it [FILE_EXISTS]'),
    });
    expect(readFileSync(output, 'utf8')).toBe('mine');
    expect(await leadwise([...call, '--force'])).toMatchObject({ code: 0 });
  });

  it.each<[string, string[], number, string]>([
    ['no file', ['-o', path('x')], 2, 'convert takes one CHECKPOINT, got 0'],
    ['two files', [checkpoint, small, '-o', path('x')], 2, 'got 2'],
    ['no output', [checkpoint], 2, 'convert needs --output FILE'],
    ['the checkpoint as output', [checkpoint, '-o', checkpoint, '--force'], 2, 'different files'],
    ['a preset and a config', [checkpoint, '-o', path('x'), '--preset', 'edge', '--config', config], 2, 'exclude each other'],
    ['no such preset', [checkpoint, '-o', path('x'), '--preset', 'huge'], 2, '--preset expected published, compact, edge, got "huge"'],
    ['no such mode', [checkpoint, '-o', path('x'), '--quantize', 'int4'], 2, '--quantize expected none, int8, got "int4"'],
    ['no such checkpoint', [path('nowhere'), '-o', path('x')], 1, '[FILE_NOT_FOUND]'],
    ['no JSON', [checkpoint, '-o', path('x'), '--config', path('broken.json')], 1, '[BAD_JSON]'],
    ['a checkpoint that does not fit', [small, '-o', path('x')], 1, '[MISSING_TENSOR]'],
    ['no folder', [checkpoint, '-o', path('nowhere/x'), '--config', config], 1, 'ENOENT'],
  ])('%s', async (_what, args, code, message) => {
    const run = await leadwise(['convert', ...args]);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(message);
  });

  it('calibrates on the records given, and checks itself', async () => {
    const [record, output] = [path('record.csv'), path('d.safetensors')];
    await leadwise(['simulate', '--output', record]);
    const call = ['convert', checkpoint, '-o', output, '--config', config];
    expect(await leadwise([...call, '--calibrate', record, '--calibrate', record])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Calibrated on 2 records'),
    });
    expect(await leadwise(['verify', output])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/: ok, logits sha256 [0-9a-f]{64}\n/),
    });
    expect(await leadwise(['compare', output, output, record])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 of 3 differ'),
    });
    expect(await leadwise([...call, '--force', '--calibrate', path('broken.json')])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('[NO_RECORDS]'),
    });
    expect(await leadwise([...call, '--quantize', 'none', '--calibrate', record])).toMatchObject({ code: 2 });
  });

  it('explains itself', async () => {
    const { code, stdout } = await leadwise(['convert', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/int8 \(default\)/);
    expect((await leadwise([])).stdout).toContain('leadwise convert FILE');
  });
});
