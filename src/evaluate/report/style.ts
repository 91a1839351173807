// What the evaluation's page adds to the style of all pages: shades, charts, and its own tables.

// Opacity of each shade. The step after 0.6 is wider: text on it turns from ink to paper, and each keeps a contrast of 4.5 : 1.
const DEPTHS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.76, 0.88, 1];
export const SHADES = DEPTHS.length;

/** The class of a shaded cell: h0 is paper, h9 the deepest. */
export function shade(share: number): string {
  return `h${Math.max(0, Math.min(SHADES - 1, Math.round(share * (SHADES - 1))))}`;
}

// One hue in ten shades, readable in print and by the colour-blind; the notice alone is of another.
export const STYLE = `
.group>th{padding:1rem .2rem .3rem;position:static;white-space:normal}
.group div{position:sticky;left:.2rem;width:fit-content;max-width:min(46rem,calc(100vw - 3.5rem))}
.group span{display:block;color:var(--quiet);font-weight:400}
.scores tbody tr:not(.group) th,.headline tbody th{font-weight:400}
.headline{font-size:15px}
.headline td+td{font-weight:600}
.headline small{font-weight:400}
.few,.few th,.few td{color:var(--quiet);font-weight:400}
.few svg{opacity:.45}
.scale div{display:flex;justify-content:space-between;width:112px;font-size:11.5px}
.interval{display:block;width:112px;height:14px}
${DEPTHS.map((depth, i) => `.h${i}{--depth:${depth}}`).join('')}
td[class^=h],.ramp i{background:rgb(var(--heat)/var(--depth));print-color-adjust:exact;-webkit-print-color-adjust:exact}
td.h7,td.h8,td.h9{color:var(--on)}
.heat thead th{white-space:normal;min-width:5.2rem;max-width:9rem}
.heat td,.confusion td{border-left:1px solid var(--paper)}
.heat td:last-child{padding-right:.6rem}
.mean{border-bottom:1px solid var(--quiet)}
.ramp{white-space:nowrap}
.ramp i{display:inline-block;width:.9rem;height:.8rem;vertical-align:-.05rem;border:solid var(--quiet);border-width:1px 0}
.ramp i:first-child{border-left-width:1px}
.ramp i:last-child{border-right-width:1px}
.confusion{font-size:11.5px}
.confusion th,.confusion td{padding:.22rem .3rem}
.confusion thead th span{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left}
.confusion td{min-width:2rem}
.confusion .sum{color:var(--quiet);padding-right:.7rem}
.confusion .zero{color:var(--faint)}
.confusion .same{outline:1.5px solid var(--quiet);outline-offset:-2px}
.confusion .none{border-top:1px solid var(--quiet)}
.plots,.curves{display:grid;gap:1.6rem 2rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,12rem),1fr))}
.curves{grid-template-columns:repeat(auto-fill,minmax(min(100%,15.5rem),1fr))}
figure{margin:0;max-width:23rem;break-inside:avoid}
figure svg{display:block;width:100%;height:auto}
figcaption{margin-top:.2rem;font-size:.82rem;line-height:1.4;color:var(--quiet);overflow-wrap:anywhere}
figcaption b{color:var(--ink)}
svg text{font-size:10.5px;fill:var(--quiet)}
.grid{fill:none;stroke:var(--rule)}
.frame{fill:none;stroke:var(--quiet);stroke-width:.8}
.chance{stroke:var(--quiet);stroke-dasharray:3 3}
.curve{fill:none;stroke:rgb(var(--blue));stroke-width:1.7;stroke-linejoin:round}
.bar{fill:rgb(var(--blue)/.35)}
.dot{fill:rgb(var(--blue))}
.whisker{stroke:rgb(var(--blue)/.55);stroke-width:3;stroke-linecap:round}
@media (max-width:40rem){:is(.headline,.scores) th[scope=row]{min-width:6.5rem}
.plots{grid-template-columns:1fr 1fr;gap:1.2rem 1rem}.plots text{font-size:13px}}
@media print{.headline{font-size:7pt}.confusion{font-size:5.5pt}.interval,.scale div{width:80px}.confusion td{min-width:0}
.curves{grid-template-columns:repeat(3,1fr)}.plots{grid-template-columns:repeat(4,1fr)}.bar{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
