import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NOTICE, VERSION } from '../../src/index.js';
import { readRecord } from '../../src/node.js';
import { sha256 } from '../../src/sha256.js';
import { formatCsv, simulate } from '../../src/simulate.js';
import { TINY_FILE } from '../tiny-network.js';
import { leadwise, leadwiseUnread, temporaryFolder } from './run.js';

const at = temporaryFolder();

describe('leadwise', () => {
  it.each([['--help'], ['-h'], ['help']])('%s', async (flag) => {
    const { code, stdout, stderr } = await leadwise([flag]);
    expect([code, stderr]).toEqual([0, '']);
    for (const command of ['classify', 'inspect', 'simulate']) expect(stdout).toContain(`leadwise ${command}`);
    expect(stdout).toContain(NOTICE);
  });

  it.each(['classify', 'inspect', 'simulate'])('%s --help', async (command) => {
    const { code, stdout } = await leadwise([command, 'x', '--help']);
    expect([code, stdout.split(' ').slice(0, 2)]).toEqual([0, ['leadwise', command]]);
  });

  it('--version names the kernels', async () => {
    const { code, stdout } = await leadwise(['--version']);
    const digest = sha256(readFileSync(new URL('../../dist/kernels.simd.wasm', import.meta.url)));
    expect([code, stdout]).toEqual([0, `leadwise ${VERSION}, simd kernels sha256 ${digest}\n`]);
  });

  it.each(['clasify', 'ecg.csv', '--json', 'constructor', ''])('%j is no command: exit code 2', async (name) => {
    const run = await leadwise([name]);
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`unknown command "${name}"`) });
  });
});

describe('simulate', () => {
  it('writes the record of the library to standard output', async () => {
    const { code, stdout, stderr } = await leadwise(['simulate', '--seconds', '2', '--seed', '9', '--rhythm', 'af', '--fs', '250']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(formatCsv(simulate({ seconds: 2, seed: 9, rhythm: 'af', fs: 250 })));
  });

  it('gives other signals for other seeds, the same for the same', async () => {
    const [one, two, again] = await Promise.all(['1', '2', '1'].map((seed) => leadwise(['simulate', '--seconds', '1', '--seed', seed])));
    expect(again!.stdout).toBe(one!.stdout);
    expect(two!.stdout).not.toBe(one!.stdout);
  });

  it.each(['sim.csv', 'sim.hea'])('writes %s, and does not overwrite it without --force', async (name) => {
    const args = ['simulate', '-o', at(name), '--seconds', '3'];
    expect(await leadwise(args)).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining(at(name)) });
    const written = readFileSync(at(name), 'utf8');
    const { fs, sigName, signal } = await readRecord(at(name));
    expect([fs, sigName.length, signal[0]!.length]).toEqual([500, 12, 1500]);
    const refused = await leadwise([...args, '--seed', '2']);
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[FILE_EXISTS]') });
    expect(refused.stderr).toContain('--force');
    expect(readFileSync(at(name), 'utf8')).toBe(written);
    expect((await leadwise([...args, '--seed', '2', '--force'])).code).toBe(0);
    expect(readFileSync(at(name), 'utf8')).not.toBe(written);
  });

  it('does not overwrite the signal file of another header', async () => {
    writeFileSync(at('half.dat'), 'something else');
    expect((await leadwise(['simulate', '-o', at('half.hea')])).code).toBe(1);
    expect(existsSync(at('half.hea'))).toBe(false);
    expect(readFileSync(at('half.dat'), 'utf8')).toBe('something else');
  });

  it('names a folder that is not there', async () => {
    const run = await leadwise(['simulate', '-o', at('nowhere/sim.csv')]);
    expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('nowhere/sim.csv') });
    mkdirSync(at('folder.csv'));
    expect((await leadwise(['simulate', '-o', at('folder.csv'), '--force'])).code).toBe(1);
  });

  it.each([
    ['--seed', 'one'],
    ['--seed', '1.5'],
    ['--seed', '4294967296'],
    ['--seconds', '0'],
    ['--seconds', '1e9'],
    ['--fs', '10'],
    ['--heart-rate', '1000'],
    ['--rhythm', 'waltz'],
    ['--noise', 'loud'],
    ['--output', 'ecg.dcm'],
    ['--colour', 'red'],
  ])('%s %s is a wrong call', async (flag, value) => {
    const run = await leadwise(['simulate', flag, value]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(/^leadwise: /);
  });

  it('takes no FILE', async () => expect((await leadwise(['simulate', 'x.csv'])).code).toBe(2));

  it('does not mind a reader that stops', async () => {
    expect(await leadwiseUnread(['simulate', '--seconds', '60'], ['stdout'])).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('compare', () => {
  const [weights, ecg, broken] = [at('a.safetensors'), at('compared.csv'), at('broken.csv')];

  it('says as JSON that no record could be compared', async () => {
    writeFileSync(weights, TINY_FILE);
    writeFileSync(ecg, formatCsv(simulate({ seed: 1 })));
    writeFileSync(broken, 'time,I (mV)\n0,1\n0.002,one\n');
    const { code, stdout, stderr } = await leadwise(['compare', weights, weights, broken, at('nowhere.csv'), '--json']);
    expect(code).toBe(1);
    expect(stderr).toContain('[NOT_A_NUMBER]');
    expect(JSON.parse(stdout)).toEqual({ a: weights, b: weights, failures: 2, records: 0 });
    expect((await leadwise(['compare', weights, weights, broken])).stdout).toBe('');
    const some = await leadwise(['compare', weights, weights, broken, ecg, '--json']);
    expect(some.code).toBe(1);
    expect(JSON.parse(some.stdout)).toMatchObject({ failures: 1, records: 1, decisions: { flips: 0 } });
  });
});

describe('inspect', () => {
  it('shows the shipped network', async () => {
    const { code, stdout, stderr } = await leadwise(['inspect']);
    expect([code, stderr]).toEqual([0, '']);
    for (const text of ['edge.safetensors', '320,091', 'GMAC', 'memory', '26: AF AFL']) expect(stdout).toContain(text);
  });

  it('--all shows tensors and layers', async () => {
    const { stdout } = await leadwise(['inspect', '--all']);
    for (const text of ['blocks.0.p0.point_wise.weight', 'transformer.branch.4.mlp.3.bias', 'linear2 ', 'MMAC'])
      expect(stdout).toContain(text);
  });

  it('--json is the same as one object', async () => {
    const { code, stdout } = await leadwise(['inspect', '--json']);
    expect(code).toBe(0);
    const { parameters, macs, memory, tensors, layers, config, classes, bytes } = JSON.parse(stdout);
    expect(parameters).toBe(320_091);
    expect(Math.abs(macs / 0.31e9 - 1)).toBeLessThan(0.03);
    expect(memory.total).toBeGreaterThan(memory.weights + memory.activations);
    expect(memory.total).toBeLessThan(48e6);
    expect(config.preset).toBe('edge');
    expect(classes).toHaveLength(26);
    expect(bytes).toBeLessThan(1.3 * parameters);
    expect(tensors).toContainEqual({ name: 'linear2.weight', dtype: 'I8', shape: [26, 128] });
    expect(layers.at(-1).shape).toEqual([26]);
  });

  it('names what is wrong', async () => {
    writeFileSync(at('page.html'), '<!doctype html><p>404 not found</p>');
    for (const [file, message] of [
      [at('nowhere'), '[FILE_NOT_FOUND]'],
      [at('.'), '[FILE_UNREADABLE]'],
      [at('page.html'), 'web page'],
    ] as const) {
      expect(await leadwise(['inspect', file])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(message) });
    }
    expect((await leadwise(['inspect', 'a', 'b'])).code).toBe(2);
    expect((await leadwise(['inspect', '--layers'])).code).toBe(2);
  });
});
