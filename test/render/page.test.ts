import { describe, expect, it } from 'vitest';
import { type PageEntry, renderPage, renderSheet } from '../../src/render/index.js';
import { NOTICE } from '../../src/version.js';
import { explanationOf, qualityOf, recordOf, resultOf, spikes } from './sheets.js';

const result = resultOf(['AF', 'LAD'], {
  quality: qualityOf({ V3: ['noise', 'mains'], aVF: ['flat'] }, ['V3: noisy', 'aVF: no signal']),
  leadsDropped: [
    { lead: 'aVF', reason: 'flat' },
    { lead: 'V6', reason: 'missing' },
  ],
  leadsIgnored: ['RESP of Jane', 'MCL1'],
  flags: ['thresholds:fallback'],
});
const sheet = renderSheet(recordOf(spikes), { result, explanation: explanationOf() });
const one: PageEntry = { name: 'A0010', sheet, result };
const failed: PageEntry = { name: 'A0011', error: { code: 'BAD_HEADER', message: 'Line 3 expected a gain' } };
const page = renderPage([one, { name: 'A0012', sheet, result: resultOf([], { quality: null }) }, failed]);

const PARTS = 'what the model gives, with findings, leadsDropped, flags, model, fs, leads, leadsIgnored, kernels';

/** Texts of the cells, row by row. */
const rows = (html: string): string[][] =>
  Array.from(html.matchAll(/<tr\b[^>]*>(.*?)<\/tr>/gs), ([, row]) =>
    Array.from(row!.matchAll(/<t[hd]\b[^>]*>(.*?)<\/t[hd]>/gs), ([, cell]) => cell!.replace(/<[^>]*>/g, ' ').trim()),
  );

const section = (html: string, id: string): string => new RegExp(`<section id="${id}">[^]*?</section>`).exec(html)?.[0] ?? '';

describe('the page', () => {
  it('is whole, allows nothing, and fetches nothing', () => {
    expect(page.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
    expect(page).toContain(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`);
    expect(page.match(/<script|<link|<img|<iframe|@import|url\(| src=| on\w+=/g)).toBeNull();
    expect([...new Set(page.match(/https?:[^"]*/g))]).toEqual(['http://www.w3.org/2000/svg']);
    expect(page.match(/NaN|undefined|\[object/g)).toBeNull();
  });

  it('has the disclaimer at the top and at the bottom, and in each sheet', () => {
    expect(page.split(`<p class="notice" role="note">${NOTICE}</p>`)).toHaveLength(3);
    expect(page.split(`>${NOTICE}</text>`)).toHaveLength(3);
  });

  it('has each id once, and links to all', () => {
    const ids = Array.from(page.matchAll(/ id="([^"]*)"/g), ([, id]) => id);
    expect(ids).toEqual(['record-1', 'record-2', 'failures']);
    expect(Array.from(page.matchAll(/<a href="#([^"]*)"/g), ([, id]) => id)).toEqual(ids);
  });

  it('has sheets as they were drawn', () => {
    expect(page.split(sheet.trimEnd())).toHaveLength(3);
  });

  it('all classes, present ones first, with figures', () => {
    const table = rows(section(page, 'record-1')).slice(-27);
    expect(table[0]).toEqual(['class', 'name', 'present', '', 'probability', 'logit', 'threshold', 'SNOMED CT']);
    const present = result.findings.filter((finding) => finding.present);
    expect(table.slice(1, 3).map(([abbreviation]) => abbreviation)).toEqual(present.map(({ abbreviation }) => abbreviation));
    expect(table.slice(1).map((row) => row[2] !== '')).toEqual([true, true, ...Array.from({ length: 24 }, () => false)]);
    const [first] = present;
    expect(table[1]!.slice(3)).toEqual(['', `${(100 * first!.probability).toFixed(1)} %`, '3.25', '0.50', first!.code]);
    expect(section(page, 'record-1').match(/<svg class="probability"/g)).toHaveLength(26);
  });

  it('quality: verdict, reasons, leads; what was left out', () => {
    const html = section(page, 'record-1');
    expect(html).toContain('<h3>Quality: <span class="verdict">degraded</span></h3>');
    expect(html).toContain('<ul class="reasons"><li>V3: noisy</li><li>aVF: no signal</li></ul>');
    expect(rows(html)[9]).toEqual(['V3', 'degraded', 'noise, mains']);
    expect(rows(html)[6]).toEqual(['aVF', 'reject', 'flat']);
    expect(html).toContain(
      '12 leads used, 500 Hz; not recorded: V6; left out: aVF (flat); ignored: 2 other channels; flags: thresholds:fallback',
    );
    expect(page.match(/RESP|Jane|MCL1/g)).toBeNull();
    expect(section(page, 'record-2')).toContain('Not judged.');
  });

  it('failures, and how many', () => {
    expect(rows(section(page, 'failures'))[1]).toEqual(['A0011', 'BAD_HEADER', 'Line 3 expected a gain']);
    expect(page).toContain('<strong>1 record failed.</strong>');
    expect(page).toContain('<h1>3 recordings</h1>');
  });

  it('one record has its name as the title, none at all is still a page', () => {
    const alone = renderPage([one]);
    expect(alone).toContain('<h1>A0010</h1>');
    expect(alone.match(/<nav|<h2>A0010|id="failures"/g)).toBeNull();
    expect(renderPage([failed])).toContain('No record could be classified.');
    expect(renderPage([])).toContain('<h1>0 recordings</h1>');
  });

  it('a note stands above the sheet', () => {
    const html = renderPage([{ ...one, note: 'AF could not be explained: <b>' }]);
    expect(html).toContain('</p>\n<p class="caption">AF could not be explained: &lt;b&gt;</p>\n<div class="box sheet"');
  });

  it('hostile text is text', () => {
    const hostile = `</title></style><script>alert(1)</script><img src=x onerror='x'>"&`;
    const evil = resultOf(['AF'], {
      model: { name: hostile, sha256: hostile, version: hostile },
      flags: [hostile],
      leadsIgnored: [hostile],
      quality: qualityOf({}, [hostile]),
    });
    for (const finding of evil.findings) Object.assign(finding, { abbreviation: hostile, name: hostile, code: hostile });
    const html = renderPage([
      { name: hostile, sheet: renderSheet(recordOf(spikes), { result: evil, title: hostile }), result: evil, note: hostile },
      { name: hostile, error: { code: hostile, message: hostile } },
    ]);
    expect(html.match(/<script|<img/g)).toBeNull();
    expect(html.split('</title>')).toHaveLength(2);
  });

  it.each([
    [undefined, '"entries" expected an array, got undefined'],
    [[{ name: 'x' }], '"entries[0]" expected { name, sheet, result } or { name, error }'],
    [[one, { name: 'x', sheet: '<p>', result }], '"entries[1]" expected { name, sheet, result } or { name, error }'],
    [[{ ...one, note: 5 }], '"entries[0].note" expected a string, got number'],
    [[{ ...one, result: { ...result, model: undefined } }], `"entries[0].result" expected ${PARTS}`],
    [[{ ...one, result: { ...result, fs: '<script>' } }], `"entries[0].result" expected ${PARTS}`],
    [[null], '"entries[0]" expected { name, sheet, result } or { name, error }'],
  ])('%o is a TypeError', (entries, message) => {
    expect(() => renderPage(entries as never)).toThrow(new TypeError(message));
  });
});
