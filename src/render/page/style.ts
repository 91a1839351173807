/** What the page of results adds to the style of all pages. The sheet is paper: white in the dark too. */
export const STYLE = `
.sheet svg{display:block;width:100%;min-width:60rem;height:auto;background:#fff}
.sheet{width:auto;border:1px solid var(--rule)}
.columns{display:flex;flex-wrap:wrap;gap:0 2.5rem}
.columns>div{min-width:0;max-width:100%}
.columns>div:first-child{flex:0 1 17.5rem}
.probability{display:block;width:110px;height:10px}
.probability .track{fill:var(--rule)}
.probability .share{fill:rgb(var(--blue))}
tr.present>*{font-weight:600}
tr.absent>*{color:var(--quiet);font-weight:400}
td.mark{text-align:center}
.verdict{font-weight:600}
.reasons{margin:.2rem 0 1rem;padding-left:1.2rem}
@media print{.sheet svg{min-width:0}.sheet{border:0;break-inside:avoid}section+section{break-before:page}h3{break-after:avoid}.columns{flex-wrap:nowrap;gap:0 1.2rem}.columns>div:first-child{flex:0 1 12rem}.columns>div{font-size:8pt}.probability{width:70px}
.probability *{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
