// BAD_CONFIG, for every key.

import { describe, expect, it } from 'vitest';
import type { NetworkConfig } from '../../src/index.js';
import { TINY } from '../tiny-network.js';
import { nested, refusalOf } from './refusal.js';

describe('BAD_CONFIG', () => {
  const bad = (key: keyof NetworkConfig, ...values: unknown[]) => values.map((value) => [key, value] as const);

  it.each([
    ...bad('preset', 1, null, ['edge']),
    ...bad('fs', 99, 250, 0, -100, '100', [100], ['500'], null, 'toString', 'constructor', { toString: 1, valueOf: 1 }),
    ...bad('windowSamples', 0, 31, 32, 100.5, '256', null, 1e9, 131_073, [256]),
    ...bad('leads', [], ['X'], ['I', 'I'], ['i'], 'I', null, [1], [null], { 0: 'I' }),
    ...bad(
      'stem',
      [],
      'stem',
      [[1, 4, 2]],
      [[2, 4, 2, 0]],
      [[1, 0, 2, 0]],
      [[1, 4, 0, 0]],
      [[1, 4, 9, 0]],
      [[1, 4, 2, -1]],
      [[1, 4, 2, 65]],
    ),
    ...bad(
      'stem',
      [[1, 2000, 2, 0]],
      [[1, 4.5, 2, 0]],
      [
        [1, 4, 2, 1],
        [8, 8, 2, 0],
      ],
      [
        [1, 4, 2, 1],
        [4, 6, 2, 0],
      ],
      [
        [1, 4, 2, 1],
        [4, 2, 2, 0],
      ],
      [null],
      new Array(17).fill([1, 1, 1, 0]),
    ),
    ...bad('resizeTo', 0, -1, 24.5, '24', 16_385, null),
    ...bad('dim', 0, 2, 8.5, '8', 1028, 12, null),
    ...bad('heads', 0, 3, 65, '2', 1.5, null),
    ...bad('fullRateBlocks', -1, 65, 1.5, '1', 2, 0, null),
    ...bad('stridedBlocks', -1, 65, 1.5, '2', 3, 1, null),
    ...bad(
      'windows',
      [],
      [5, 3],
      [5, 3, -1, -1],
      [5, 3, 0],
      [5, 3, 2],
      [5, 3, -3],
      [5, 3, 1.5],
      [5, 3, '3'],
      [5, 3, null],
      '5,3',
      19,
      null,
      [5, 3, 32_769 + 32_768],
    ),
    ...bad('mlpRatio', 0, 17, 1.5, '2', null),
    ...bad('headOrder', 'straight', '', null, 1),
    ...bad('leadProjection', 'each', '', null, 1),
  ])('%s: %j', (key, value) => {
    expect(refusalOf({ metadata: { config: { ...TINY, [key]: value } } }).code).toBe('BAD_CONFIG');
  });

  it.each(Object.keys(TINY) as (keyof NetworkConfig)[])('without %s: names it', (key) => {
    const { [key]: _, ...config } = TINY;
    expect(refusalOf({ metadata: { config } })).toMatchObject({ code: 'BAD_CONFIG', message: expect.stringContaining(`config.${key}`) });
  });

  it.each(Object.keys(TINY))('with deep lists for %s', (key) => {
    const config = `{${Object.entries({ ...TINY, [key]: 0 }).map(([name, value]) => `"${name}":${name === key ? nested(50_000) : JSON.stringify(value)}`)}}`;
    expect(refusalOf({ metadata: { config } }).code).toBe('BAD_CONFIG');
  });

  it.each([['[]'], ['null'], ['7'], ['"edge"'], ['{}'], [nested(100_000)]])('%.20s in place of the object', (config) => {
    expect(refusalOf({ metadata: { config } }).code).toBe('BAD_CONFIG');
  });

  it('no config at all', () => expect(refusalOf({ metadata: { config: undefined } }).code).toBe('BAD_CONFIG'));

  it('an unknown key: names it', () => {
    const error = refusalOf({ metadata: { config: { ...TINY, dropout: 0.1 } } });
    expect(error).toMatchObject({ code: 'BAD_CONFIG', message: expect.stringContaining('config.dropout') });
  });

  it('says what it expected and what it got', () => {
    expect(refusalOf({ metadata: { config: { ...TINY, heads: 3 } } }).message).toMatch(/heads.*multiple of 4.*dim 8/);
  });
});
