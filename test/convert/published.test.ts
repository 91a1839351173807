// The authors' own checkpoint, or its structural twin at full size (`python3 -m training.fixtures --published FILE`), which brings its logits.

import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHALLENGE_CLASSES } from '../../src/classes.js';
import { PRESETS } from '../../src/config.js';
import { convert } from '../../src/convert/index.js';
import { loadModel } from '../../src/index.js';
import { parseWeights } from '../../src/weights.js';
import { testInput } from '../test-network.js';

const FILE = process.env['LEADWISE_CHECKPOINT'];
const LOGIT_TOLERANCE = 1e-4;

if (FILE === undefined) process.stderr.write("\n*** SKIPPED: LEADWISE_CHECKPOINT does not name the authors' MODEL_1.pickle ***\n");

describe.skipIf(FILE === undefined)('the published checkpoint', () => {
  it('converts without a word, loads, and gives logits', async () => {
    const { file, report } = await convert(readFileSync(FILE!));
    expect(report).toMatchObject({
      source: { kind: 'pickle', published: true, dtypes: ['F32'] },
      config: PRESETS.published,
      classes: CHALLENGE_CLASSES.map(({ code }) => code),
      from: { config: 'inferred', classes: 'checkpoint', thresholds: 'checkpoint', calibration: 'checkpoint' },
      parameters: 2_404_251,
    });
    const { decision } = parseWeights(file);
    expect(decision.thresholds[0]!.values).toHaveLength(26);
    expect(decision.calibration).toEqual([{ temperature: 1, shift: -Math.LN10 }]);
    const logits = (await loadModel(file)).forward(testInput(PRESETS.published));
    expect(logits.every(Number.isFinite)).toBe(true);
    if (!existsSync(`${FILE}.json`)) return;
    const expected = JSON.parse(readFileSync(`${FILE}.json`, 'utf8')) as { logits: number[] };
    for (const [i, logit] of expected.logits.entries()) expect(Math.abs(logits[i]! - logit), `logit ${i}`).toBeLessThan(LOGIT_TOLERANCE);
  });
});
