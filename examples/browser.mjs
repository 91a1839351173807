// Serves folders on this machine and looks at them in Chromium (LEADWISE_CHROMIUM, else /usr/bin/chromium).

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { compareFindings, expectedCsv, expectedWfdb } from './expected.mjs';

const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' };

/** The strict policy that the pages run under. */
export const CSP = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self'";

/** Serves a folder on a free port; `mounts` puts others below a path: { '/node_modules/': folder }. */
export async function serve(folder, { csp = CSP, mounts = {} } = {}) {
  const folders = Object.entries({ ...mounts, '/': folder });
  const server = createServer(({ url }, response) => {
    const { pathname } = new URL(url, 'http://host'); // has no '..' any more
    const [mount, root] = folders.find(([prefix]) => pathname.startsWith(prefix));
    const path = join(root, decodeURIComponent(pathname.slice(mount.length)));
    const file = pathname.endsWith('/') ? join(path, 'index.html') : path;
    if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'content-security-policy': csp });
    createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const close = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}

/**
 * Opens a page and returns what `use(page, requests)` returns.
 * @throws when anything was wrong: an error of a script or in the console, a violated policy, a request that failed
 */
export async function visit({ url, offline = false }, use) {
  const browser = await launch();
  const problems = [];
  try {
    const context = await browser.newContext({ offline });
    const page = await context.newPage();
    const requests = watch(page, problems);
    // A console error tells of a violated policy as well, but not in every case.
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        console.error(`policy violated: ${violatedDirective}: ${blockedURI}`);
      });
    });
    await page.goto(url);
    return await use(page, requests);
  } catch (error) {
    problems.push(error.message);
  } finally {
    await browser.close();
    // biome-ignore lint/correctness/noUnsafeFinally: what went wrong in the page is the reason of what went wrong here
    if (problems.length > 0) throw new Error(`the page of ${url}:\n  ${problems.join('\n  ')}`);
  }
}

function watch(page, problems) {
  const requests = [];
  page.on('console', (message) => {
    const { url } = message.location();
    // The browser asks for an icon by itself; these pages have none.
    if (message.type() === 'error' && !url.endsWith('/favicon.ico')) problems.push(`${message.text()} ${url}`);
  });
  page.on('pageerror', (error) => problems.push(error.stack));
  page.on('request', (request) => requests.push(request.url()));
  page.on('requestfailed', (request) => problems.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on('response', (response) => {
    if (response.status() >= 400) problems.push(`${response.url()}: ${response.status()}`);
  });
  return requests;
}

/** A browser may fail to start on a busy machine; a page that fails is never tried again. */
async function launch() {
  const options = { executablePath: process.env.LEADWISE_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] };
  return chromium.launch(options).catch(() => chromium.launch(options));
}

/** Uses the page of these examples: simulates a record, then gives it the same one as files. @throws when a bit of a logit differs */
export async function usePage(page) {
  await page.getByRole('button', { name: 'Simulate' }).click();
  await checkFindings(page, 'Simulated: 12 leads');
  const fileOf = (name, content) => ({ name, mimeType: '', buffer: Buffer.from(content) });
  const files = page.locator('input[type=file]');
  await files.setInputFiles(fileOf('ecg.csv', expectedCsv));
  await checkFindings(page, 'ecg.csv: 12 leads');
  await files.setInputFiles([fileOf('ecg.dat', expectedWfdb.signal), fileOf('ecg.hea', expectedWfdb.header)]);
  await checkFindings(page, 'ecg.dat: 12 leads');
  if (!(await page.getByText('not a medical device').isVisible())) throw new Error('the page does not say that it is no medical device');
}

/** Compares the findings in a part of the page, once a status line of the page says so. */
export async function checkFindings(page, status, part = 'body') {
  await page.getByRole('status').filter({ hasText: status }).waitFor();
  const items = page.locator(part).locator('[data-logit]');
  compareFindings(await items.evaluateAll((elements) => elements.map(({ dataset: { code, logit } }) => ({ code, logit }))));
}
