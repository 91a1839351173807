// Sheets and the page in a real browser: nothing is fetched or refused, nothing is wider than the window, and with real fonts no text covers another.

import { createServer, type Server } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { STANDARD_LEADS } from '../../src/ecg.js';
import { LAYOUTS, renderPage, renderSheet } from '../../src/render/index.js';
import { CHROMIUM, Page } from '../chromium.js';
import { explanationOf, qualityOf, recordOf, resultOf, spikes } from './sheets.js';

if (!CHROMIUM) console.warn('SKIPPED: leadwise/render in a browser. Install chromium, or say where it is in LEADWISE_CHROMIUM.');

const WIDTHS = [380, 1280];

const everything = resultOf(
  resultOf([]).findings.map(({ abbreviation }) => abbreviation),
  {
    quality: qualityOf(Object.fromEntries(STANDARD_LEADS.map((lead) => [lead, ['noise', 'baseline-drift']])), [
      'V1: noisy',
      'many words '.repeat(30),
    ]),
  },
);
const sheets = LAYOUTS.map((layout) => ({
  layout,
  sheet: renderSheet(recordOf(spikes), { layout, title: 'W'.repeat(90), result: everything, explanation: explanationOf() }),
}));
const NO_USABLE_LEAD = {
  code: 'NO_USABLE_LEAD',
  message: `No lead carries a signal: ${STANDARD_LEADS.map((lead) => `${lead} flat`).join(', ')}`,
};
const refused = LAYOUTS.map((layout) => ({
  layout,
  sheet: renderSheet(recordOf(spikes), { layout, title: 'W'.repeat(90), quality: everything.quality, reason: NO_USABLE_LEAD }),
}));
const page = renderPage([
  ...sheets.map(({ layout, sheet }) => ({ name: `records/${layout}.hea`, sheet, result: everything })),
  ...refused.map(({ layout, sheet }) => ({ name: `refused/${layout}.hea`, sheet, error: NO_USABLE_LEAD, quality: everything.quality })),
  { name: 'a/very/long/path/'.repeat(12), error: { code: 'FILE_NOT_FOUND', message: 'there is no such file' } },
]);

/** Runs in a page of the same origin, around the page that is looked at. */
const OBSERVER = `<!doctype html><title>observer</title><body><script>
const look = (width) => new Promise((resolve) => {
  const frame = document.createElement('iframe');
  frame.style.cssText = 'border:0;height:800px;width:' + width + 'px';
  frame.onload = () => { try {
    const root = frame.contentDocument.documentElement;
    const texts = [...frame.contentDocument.querySelectorAll('.sheet svg')].map((svg) => {
      const edge = svg.getBoundingClientRect();
      const boxes = [...svg.querySelectorAll('text')].map((text) => ({ words: text.textContent, box: text.getBoundingClientRect() }));
      const overlaps = [];
      // The height of a line of type is more than that of its letters.
      const covers = (a, b) => a.left < b.right && b.left < a.right && a.top + a.height * .2 < b.bottom - b.height * .2 && b.top + b.height * .2 < a.bottom - a.height * .2;
      boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) => { if (covers(a.box, b.box)) overlaps.push(a.words + ' | ' + b.words); }));
      const outside = boxes.filter(({ box }) => box.right > edge.right || box.left < edge.left).map(({ words }) => words);
      const pulse = svg.querySelector('[data-pulse]').getBBox();
      return { count: boxes.length, overlaps, outside, pulse: [pulse.width, pulse.height] };
    });
    resolve({ width, inner: frame.contentWindow.innerWidth, scrollWidth: root.scrollWidth, texts });
  } catch (error) { resolve({ width, failed: String(error) }); } };
  frame.src = '/page.html';
  document.body.append(frame);
});
(async () => {
  const seen = [];
  for (const width of ${JSON.stringify(WIDTHS)}) seen.push(await look(width));
  await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) });
})();
</script>`;

interface Seen {
  width: number;
  failed?: string;
  inner: number;
  scrollWidth: number;
  texts: { count: number; overlaps: string[]; outside: string[]; pulse: [number, number] }[];
}

describe.skipIf(!CHROMIUM)('in a browser', () => {
  let opened: Page | undefined;

  afterAll(() => opened?.close());

  it('the page stands by itself, on a telephone and on a desk', async () => {
    const asked: string[] = [];
    const seen = await new Promise<Seen[]>((resolve, reject) => {
      opened = new Page(serve(asked, resolve));
      opened.open('/').catch(reject);
    });
    // What a violation of the policy would send is a request too.
    expect(asked.filter((path) => path !== 'GET /favicon.ico')).toEqual(['GET /', 'GET /page.html', 'GET /page.html', 'POST /seen']);
    expect(seen.map(({ width }) => width)).toEqual(WIDTHS);
    for (const { failed, inner, scrollWidth, texts } of seen) {
      expect(failed).toBeUndefined();
      expect(scrollWidth).toBeLessThanOrEqual(inner);
      expect(texts).toHaveLength(2 * LAYOUTS.length);
      for (const [index, { count, overlaps, outside, pulse }] of texts.entries()) {
        expect(count).toBeGreaterThan(index < LAYOUTS.length ? 60 : 20);
        expect(overlaps).toEqual([]);
        expect(outside).toEqual([]);
        expect(pulse).toEqual([10, 10]); // 2.5 + 5 + 2.5 mm wide
      }
    }
  });
});

function serve(asked: string[], resolve: (seen: Seen[]) => void): Server {
  return createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === 'POST') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        response.end();
        if (request.url === '/seen') resolve(JSON.parse(Buffer.concat(chunks).toString()) as Seen[]);
      });
      return;
    }
    const isPage = request.url === '/page.html';
    if (isPage)
      response.setHeader('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; img-src data:; report-uri /violation");
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(isPage ? page : request.url === '/' ? OBSERVER : '');
  });
}
