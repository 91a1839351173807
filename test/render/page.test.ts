import { describe, expect, it } from 'vitest';
import { type PageEntry, renderPage, renderSheet } from '../../src/render/index.js';
import { NOTICE } from '../../src/version.js';
import { explanationOf, qualityOf, recordOf, resultOf, spikes, unusable } from './sheets.js';

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

  it('what was read but is of no use has a section without findings, and is a failure all the same', () => {
    const error = { code: 'NO_USABLE_LEAD', message: 'No lead carries a signal: V1 flat' };
    const quality = unusable(['V1: flat'], { V1: ['flat', 'amplitude-low'] });
    const drawn = renderSheet(recordOf(spikes), { quality, reason: error });
    const html = renderPage([failed, { name: 'A0013', sheet: drawn, error, quality }, one]);
    expect(Array.from(html.matchAll(/<section id="([^"]*)"/g), ([, id]) => id)).toEqual(['record-1', 'record-2', 'failures']);
    expect(Array.from(html.matchAll(/<a href="#([^"]*)">([^<]*)/g), ([, id, name]) => [id, name])).toEqual([
      ['record-1', 'A0013'],
      ['record-2', 'A0010'],
      ['failures', 'Failures'],
    ]);
    const unusableSection = section(html, 'record-1');
    expect(unusableSection).toContain('<h2>A0013</h2>');
    expect(unusableSection).toContain(drawn.trimEnd());
    expect(unusableSection).toContain('<h3>Quality: <span class="verdict">reject</span></h3>');
    expect(unusableSection).toContain('<ul class="reasons"><li>V1: flat</li></ul>');
    expect(rows(unusableSection)[7]).toEqual(['V1', 'reject', 'flat, amplitude low']);
    expect(unusableSection).toContain(
      '<h3>No findings</h3>\n<p class="lede"><code>NO_USABLE_LEAD</code> No lead carries a signal: V1 flat</p>',
    );
    expect(unusableSection).not.toMatch(/Probabilities|leads used|class="probability"/);
    expect(rows(section(html, 'failures')).slice(1)).toEqual([
      ['A0011', 'BAD_HEADER', 'Line 3 expected a gain'],
      ['A0013', error.code, error.message],
    ]);
    expect(html).toContain('1 record, classified by the model <b>edge</b>');
    expect(html).toContain('<strong>2 records failed.</strong>');
    const alone = renderPage([{ name: 'A0013', sheet: drawn, error, quality: null }]);
    expect(alone).toContain('No record could be classified. <strong>1 record failed.</strong>');
    expect(section(alone, 'record-1')).toContain('Not judged.');
    expect(alone.match(/<nav|<h2>A0013/)).toBeNull();
  });

  it('defines reject for leads that were read too', () => {
    expect(page).not.toContain('a lead that the network does not see');
    expect(page).toContain('<dt>Quality</dt><dd>ok, degraded (worth reading, with a warning) or reject (not worth reading: ');
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
      {
        name: hostile,
        sheet: renderSheet(recordOf(spikes), { reason: { code: hostile, message: hostile } }),
        error: { code: hostile, message: hostile },
        quality: { ...unusable([hostile], { V1: [hostile as 'flat'] }), verdict: hostile as 'reject' },
      },
    ]);
    expect(section(html, 'record-2')).toContain('&lt;script&gt;');
    expect(html.match(/<script|<img/g)).toBeNull();
    expect(html.split('</title>')).toHaveLength(2);
  });

  it.each([
    [undefined, '"entries" expected an array, got undefined'],
    [[{ name: 'x' }], '"entries[0]" expected { name, sheet, result } or { name, error }'],
    [[one, { name: 'x', sheet: '<p>', result }], '"entries[1]" expected { name, sheet, result } or { name, error }'],
    [[{ ...failed, sheet: '<p>' }], '"entries[0]" expected { name, sheet, result } or { name, error }'],
    [
      [{ ...failed, sheet, quality: { verdict: 'ok' } }],
      '"entries[0].quality" expected what the model gives, with verdict, leads, reasons',
    ],
    [[{ ...one, note: 5 }], '"entries[0].note" expected a string, got number'],
    [[{ ...one, result: { ...result, model: undefined } }], `"entries[0].result" expected ${PARTS}`],
    [[{ ...one, result: { ...result, fs: '<script>' } }], `"entries[0].result" expected ${PARTS}`],
    [[null], '"entries[0]" expected { name, sheet, result } or { name, error }'],
  ])('%o is a TypeError', (entries, message) => {
    expect(() => renderPage(entries as never)).toThrow(new TypeError(message));
  });
});
