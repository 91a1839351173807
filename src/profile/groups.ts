import type { ProfiledLayer } from './profile.js';

/** The layers of one block, summed. */
export interface LayerGroup {
  /** `blocks.0`, `resize`, `transformer.embd`, `transformer.stem.0`, …, `head`. */
  readonly name: string;
  readonly layers: readonly ProfiledLayer[];
  readonly macs: number;
  readonly computedMacs: number;
  readonly bytes: number;
  /** Sum of the layers' medians. */
  readonly ms: number;
}

/** Neighbouring layers of the same block together, in their order. */
export function groupLayers(layers: readonly ProfiledLayer[]): LayerGroup[] {
  const groups = new Map<string, ProfiledLayer[]>();
  for (const layer of layers) {
    const name = blockOf(layer.name);
    const group = groups.get(name);
    if (group) group.push(layer);
    else groups.set(name, [layer]);
  }
  return Array.from(groups, ([name, members]) => {
    const sum = (key: 'macs' | 'computedMacs' | 'bytes' | 'ms') => members.reduce((total, layer) => total + layer[key], 0);
    return { name, layers: members, macs: sum('macs'), computedMacs: sum('computedMacs'), bytes: sum('bytes'), ms: sum('ms') };
  });
}

function blockOf(layer: string): string {
  if (layer.startsWith('linear')) return 'head';
  return /^(?:blocks\.\d+|transformer\.(?:embd|(?:stem|branch)\.\d+))/.exec(layer)?.[0] ?? layer;
}
