// What to make of a profile: a trace, a picture, sums by block. `model.profile` measures it. And what attention gives to what.

export { type Activation, type AttentionWeights, attentionWeights } from './attention.js';
export { groupLayers, type LayerGroup } from './groups.js';
export { type Bandwidth, MOST_ROUNDS, type Peak, type Profile, type ProfiledLayer, type ProfileOptions, type Timing } from './profile.js';
export { rooflineSvg } from './roofline.js';
export { type Trace, type TraceEvent, traceEvents } from './trace.js';
