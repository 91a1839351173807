// leadwise/render: pictures of a record and its result. Runs in every engine; no Node, no DOM, no model.

export { LeadwiseError, RecordError } from '../errors.js';
export { GAINS, LAYOUTS, type Layout, type SheetOptions, type SheetReason, type SheetResult, SPEEDS } from './options.js';
export { type PageEntry, type PageResult, renderPage } from './page/page.js';
export { renderSheet } from './sheet.js';
