// Chrome's trace event format: chrome://tracing and Perfetto open it.

import { groupLayers } from './groups.js';
import type { Profile, ProfiledLayer } from './profile.js';

/** An event of the format: `X` lasts from `ts` for `dur` microseconds, `M` names a process or thread. */
export type TraceEvent =
  | { ph: 'X'; name: string; cat: string; pid: number; tid: number; ts: number; dur: number; args: Record<string, unknown> }
  | { ph: 'M'; name: string; pid: number; tid: number; args: { name: string } };

/** The JSON object form of a trace. */
export interface Trace {
  traceEvents: TraceEvent[];
  displayTimeUnit: 'ms';
  otherData: Record<string, string>;
}

const PLACE = { pid: 1, tid: 1 };

/**
 * One run on a timeline: preprocessing, then each block with its layers below it, each as long as its median. Layers that took no time
 * of their own (key and value are computed with the query) are there with a length of 0.
 */
export function traceEvents(profile: Profile): Trace {
  const { model, kernels, engine } = profile;
  const events: TraceEvent[] = [
    { ph: 'M', name: 'process_name', ...PLACE, args: { name: `leadwise ${model.version}: ${model.name}` } },
    { ph: 'M', name: 'thread_name', ...PLACE, args: { name: `${kernels.variant} kernels, ${engine}` } },
  ];
  let now = 0;
  if (profile.preprocessingMs !== null) {
    now = microseconds(profile.preprocessingMs);
    const { leads, paddedSamples } = profile.record;
    events.push({ ph: 'X', name: 'preprocessing', cat: 'preprocessing', ...PLACE, ts: 0, dur: now, args: { leads, paddedSamples } });
  }
  for (const { name, layers, computedMacs, bytes } of groupLayers(profile.layers)) {
    const start = now;
    const children = layers.map((layer) => {
      const event = layerEvent(layer, now);
      now += event.dur;
      return event;
    });
    const block: TraceEvent = { ph: 'X', name, cat: 'block', ...PLACE, ts: start, dur: now - start, args: { computedMacs, bytes } };
    // A block of one layer of the same name is that layer.
    if (layers.length > 1 || layers[0]!.name !== name) events.push(block);
    events.push(...children);
  }
  const otherData = { model: model.sha256, kernels: kernels.sha256, engine };
  return { traceEvents: events, displayTimeUnit: 'ms', otherData };
}

function layerEvent({ name, ms, ...args }: ProfiledLayer, ts: number): TraceEvent & { ph: 'X' } {
  return { ph: 'X', name, cat: 'layer', ...PLACE, ts, dur: microseconds(ms), args };
}

/** Whole ones: their sums are exact, so that layers end within their block. */
function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
