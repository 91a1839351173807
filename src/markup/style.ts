// How the pages look that people read: colours by name, and the style sheet that all pages have.

/** Colours by name, on paper and on a dark screen. */
export const PALETTE = `:root{color-scheme:light dark;--paper:#fff;--ink:#1a2026;--quiet:#59646e;--rule:#d9dee3;--faint:#aeb7bf;--band:#f4f6f8;--blue:18 88 144;--heat:14 78 136;--on:#fff;--warn:#a04800;--warn-band:#fdf3e7}
@media screen and (prefers-color-scheme:dark){:root{--paper:#11161b;--ink:#e3e8ec;--quiet:#9ca8b3;--rule:#2c353e;--faint:#56616b;--band:#1a2128;--blue:122 190 240;--heat:96 160 214;--on:#0a0f14;
--warn:#f0b070;--warn-band:#2a2118}}`;

/** Type, notices, tables, definitions; readable on paper, on a dark screen and on a narrow one. */
export const PAGE_STYLE = `
${PALETTE}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:78rem;margin:0 auto;padding:2.5rem 1.5rem 3rem}
h1,h2,h3{font-family:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,serif;font-weight:600;line-height:1.2;overflow-wrap:anywhere}
h1{font-size:2.1rem;margin:0 0 1rem}
h2{font-size:1.35rem;margin:0 0 .35rem}
h3{font-size:1.05rem;margin:1.8rem 0 .5rem}
section,footer{margin-top:3.2rem}
.kicker{margin:0 0 .3rem;color:var(--quiet);font-size:.8rem;letter-spacing:.08em;text-transform:uppercase}
.notice{max-width:48rem;margin:0 0 1.2rem;padding:.6rem .9rem;border-left:4px solid var(--warn);background:var(--warn-band);color:var(--warn);font-weight:600}
.lede,.caption{max-width:48rem}
.lede{margin:0 0 1.2rem}
.caption{margin:0 0 .9rem;color:var(--quiet);font-size:.9rem}
code{font:.82em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
b,strong,code{unicode-bidi:isolate}
a{color:rgb(var(--blue))}
nav{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;font-size:.9rem}
.box{overflow-x:auto;max-width:100%;width:fit-content}
.box:focus-visible{outline:2px solid rgb(var(--blue));outline-offset:3px}
table{border-collapse:collapse;font-size:13.5px;line-height:1.35;font-variant-numeric:tabular-nums lining-nums;border-bottom:1.5px solid var(--ink)}
thead{border-top:1.5px solid var(--ink);border-bottom:1px solid var(--quiet)}
th,td{padding:.32rem .5rem;text-align:right;white-space:nowrap}
th{font-weight:600}
thead th{font-weight:400;color:var(--quiet);vertical-align:bottom}
th:first-child,td.name,.text{text-align:left}
th:first-child{position:sticky;left:0;z-index:1;background:var(--paper);padding-left:.2rem}
td:last-child,thead th:last-child{padding-right:.2rem}
tbody tr+tr{border-top:1px solid var(--rule)}
table:not(.heat,.confusion) tbody tr:hover>*{background:var(--band)}
small{color:var(--quiet);font-size:11.5px;margin-left:.45em}
.name{white-space:normal;overflow-wrap:break-word;min-width:11rem;max-width:15rem}
.failures td:last-child{white-space:normal;min-width:16rem}
.failures th{font-weight:400;text-align:left}
.failures tbody th{position:static;white-space:normal;overflow-wrap:anywhere;min-width:9rem}
footer{border-top:1px solid var(--rule);padding-top:1.6rem;font-size:.9rem}
dl{max-width:60rem;margin:.8rem 0 1.6rem}
dl div{display:grid;grid-template-columns:9rem 1fr;gap:0 1rem;padding:.15rem 0}
dt{font-weight:600}
dd{margin:0;color:var(--quiet)}
@media (max-width:40rem){main{padding:1.4rem 1rem 2rem}h1{font-size:1.6rem}dl div{grid-template-columns:1fr}dd{margin-bottom:.4rem}.name{min-width:8rem}tbody th[scope=row]{white-space:normal;max-width:8.5rem}}
@media print{@page{margin:12mm}html{font-size:12px}body{font-size:10pt}main{max-width:none;padding:0}nav{display:none}.box{overflow:visible}table{font-size:7pt}small{font-size:5.5pt}
th,td{padding:.12rem .22rem}.name{min-width:0}th:first-child{position:static}tr,.notice{break-inside:avoid}h2,.caption{break-after:avoid}}`;
