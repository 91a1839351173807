// Makes the weights of the three presets for leadwise and its peers in `models/`: `npm run models --prefix bench/peers`.
//   PRESET.safetensors       f32, what everything else is made of
//   PRESET-int8.safetensors  what leadwise runs, calibrated on simulated records (edge: the shipped file, calibrated on recordings)
//   PRESET.onnx              what onnxruntime runs
//   PRESET.tflite            what LiteRT.js runs, only with --litert: `npm run models --prefix bench/peers -- --litert`
// `edge` is the trained network; `published` and `compact` have the seeded test weights of the tests, since no trained ones ship.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { MODELS, PRESETS, ROOT } from './scenarios.mjs';

function run(command, ...args) {
  console.error(`$ ${[command, ...args].join(' ')}`);
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}

const { values } = parseArgs({ options: { litert: { type: 'boolean', default: false } } });
mkdirSync(MODELS, { recursive: true });
for (const preset of PRESETS) {
  const file = `${MODELS}/${preset}.safetensors`;
  const int8 = `${MODELS}/${preset}-int8.safetensors`;
  if (preset === 'edge') {
    run('python3', '-m', 'training.export', 'training/checkpoints/edge.safetensors', '-o', file);
    copyFileSync(`${ROOT}/weights/edge.safetensors`, int8);
  } else {
    run('python3', '-m', 'training.test_weights', '--preset', preset, '-o', file);
    run('node', 'dist/cli.js', 'convert', file, '-o', int8, '--force');
  }
  run('python3', '-W', 'ignore', '-m', 'bench.peers.export_onnx', file, '-o', MODELS);
  if (values.litert) run('python3', '-W', 'ignore', '-m', 'bench.peers.export_litert', file, '-o', MODELS);
}
