import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { describe, expect, it } from 'vitest';
import { NOTICE } from '../../src/index.js';
import { formatCsv, simulate } from '../../src/simulate.js';
import { TINY, TINY_FILE } from '../tiny-network.js';
import { leadwise, temporaryFolder } from './run.js';

const at = temporaryFolder();
writeFileSync(at('tiny.safetensors'), TINY_FILE);
const tiny = ['bench', '--weights', at('tiny.safetensors'), '--rounds', '2'];

describe('bench', () => {
  it('measures the shipped network by blocks', async () => {
    const { code, stdout } = await leadwise(['bench', '--rounds', '1']);
    expect(code).toBe(0);
    for (const text of [
      'edge: simulated, 10 s, 12 leads',
      'simd kernels',
      'qs16x4_qc8w_gemm',
      'preprocessing',
      'loading',
      'memory',
      NOTICE,
    ]) {
      expect(stdout).toContain(text);
    }
    const rows = stdout.match(/^ {2}\S+ +[\d.]+ +[\d.]+ % .*$/gm)!.map((row) => row.trim().split(/ +/)[0]);
    expect(rows).toEqual([
      'blocks.0',
      'blocks.1',
      'blocks.2',
      'blocks.3',
      'resize',
      'transformer.embd',
      'transformer.stem.0',
      'transformer.stem.1',
      ...[0, 1, 2, 3, 4].map((block) => `transformer.branch.${block}`),
      'head',
      'network',
    ]);
  });

  it('--json is one object: profile, machine, memory, loading', async () => {
    const { code, stdout } = await leadwise([...tiny, '--json', '--variant', 'scalar', '--leads', 'I,V2', '--seconds', '2']);
    expect(code).toBe(0);
    const measurement = JSON.parse(stdout);
    expect(measurement).toMatchObject({
      schema: 1,
      model: { name: 'test-tiny' },
      kernels: { variant: 'scalar', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      engine: `node ${process.versions.node}`,
      machine: { cpu: cpus()[0]!.model.trim(), cores: cpus().length },
      weights: at('tiny.safetensors'),
      source: 'simulated, 2 s',
      record: { leads: ['I', 'V2'], paddedSamples: TINY.windowSamples - 200 },
      rounds: 2,
      peak: { kernel: 'f32_gemm' },
    });
    expect(measurement.memory.total).toBeGreaterThan(measurement.memory.weights + measurement.memory.activations);
    expect(measurement.loadMs).toBeGreaterThan(0);
    expect(measurement.layers.at(-1)).toMatchObject({ name: 'linear2', shape: [26] });
  });

  it('--all shows every layer, and what was skipped', async () => {
    const { stdout } = await leadwise([...tiny, '--all', '--seconds', '1']);
    for (const name of ['blocks.0.p01', 'transformer.stem.0.attn.key', 'linearN', 'linear2'])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(stdout).toContain('repeat and were not computed');
  });

  it('measures a recording', async () => {
    writeFileSync(at('ecg.csv'), formatCsv(simulate({ seconds: 3, fs: 250 })));
    const { code, stdout } = await leadwise([...tiny, '--record', at('ecg.csv')]);
    expect([code, stdout.split('\n')[0]]).toEqual([0, `test-tiny: ${at('ecg.csv')}, 12 leads, 0 samples of padding`]);
  });

  it('writes the trace and the picture, and does not overwrite them without --force', async () => {
    const args = [...tiny, '--trace', at('trace.json'), '--svg', at('roof.svg')];
    const { code, stderr } = await leadwise(args);
    expect([code, stderr]).toEqual([0, `wrote ${at('trace.json')}\nwrote ${at('roof.svg')}\n`]);
    const { traceEvents } = JSON.parse(readFileSync(at('trace.json'), 'utf8'));
    expect(traceEvents).toContainEqual(expect.objectContaining({ ph: 'X', name: 'linear2' }));
    expect(readFileSync(at('roof.svg'), 'utf8')).toMatch(/^<svg [\s\S]+<\/svg>\n$/);
    expect(await leadwise(args)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[FILE_EXISTS]') });
    expect((await leadwise([...args, '--force'])).code).toBe(0);
  });

  it('names what it cannot read or write, before the work', async () => {
    writeFileSync(at('note.txt'), 'no weights');
    for (const [args, message] of [
      [['--weights', at('nowhere')], '[FILE_NOT_FOUND]'],
      [['--weights', at('note.txt')], '[BAD_SAFETENSORS]'],
      [['--record', at('nowhere.hea')], '[FILE_NOT_FOUND]'],
      [['--svg', at('no/folder.svg')], 'no'],
    ] as const) {
      expect(await leadwise(['bench', ...args])).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(message) });
    }
    expect(existsSync(at('no'))).toBe(false);
  });

  it.each([
    ['weights.safetensors'],
    ['--rounds', '0'],
    ['--rounds', '2.5'],
    ['--rounds', 'many'],
    ['--rounds', '1001'],
    ['--variant', 'relaxed'],
    ['--leads', 'I,X9'],
    ['--seconds', '0'],
    ['--seconds', '5', '--record', 'ecg.csv'],
    ['--weights'],
    ['--colour', 'red'],
  ])('%s %s %s %s is a wrong call', async (...args) => {
    const run = await leadwise(['bench', ...args]);
    expect(run).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^leadwise: /) });
  });

  it('--help', async () => {
    const { code, stdout } = await leadwise(['bench', '--help']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^leadwise bench \[options\]\n/)]);
  });
});
