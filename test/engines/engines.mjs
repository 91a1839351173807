// The ten engines: where each is, and how it is made to run the suite.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bundleForWorkerd } from './project.mjs';

const require = createRequire(import.meta.url);

/**
 * All engines: `name`, `family` (of the JavaScript and WebAssembly engine), `path` of its program (undefined: not here), and
 * `start(path, request, folder)`, which begins a run and gives `ended`, which rejects when the program ends, and `stop`.
 */
export const ENGINES = [
  ...[20, 22, 24, 26].map((major) => node(major)),
  {
    name: 'Deno',
    family: 'V8',
    path: packaged('deno', ({ name }) => join(name, 'deno')),
    start: (path, { base, ...request }, folder) =>
      run(path, ['run', '--no-prompt', `--allow-net=${new URL(base).host}`, 'child.mjs', JSON.stringify({ base, ...request })], folder),
  },
  {
    name: 'Bun',
    family: 'JavaScriptCore',
    path: packaged('bun', ({ name }) => join(name, 'bin/bun')),
    start: (path, request, folder) => run(path, ['child.mjs', JSON.stringify(request)], folder),
  },
  { name: 'workerd', family: 'V8', path: packaged('workerd', ({ name }) => join(name, 'bin/workerd')), start: startWorkerd },
  {
    name: 'Chromium',
    family: 'V8',
    browser: true,
    path: installed(process.env.LEADWISE_CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'),
    start: startChromium,
  },
  {
    name: 'Firefox',
    family: 'SpiderMonkey',
    browser: true,
    path: installed(process.env.LEADWISE_FIREFOX, '/usr/bin/firefox-esr', '/usr/bin/firefox'),
    start: startFirefox,
  },
  {
    name: 'WebKit',
    family: 'JavaScriptCore',
    browser: true,
    path: installed(process.env.LEADWISE_WEBKIT_DRIVER, '/usr/bin/WebKitWebDriver'),
    start: startWebKit,
  },
];

function node(major) {
  const path = packaged(`node${major}`, ({ folder }) => join(folder, 'bin/node'));
  return {
    name: `Node ${major}`,
    family: 'V8',
    path,
    start: (path, request, folder) => run(path, ['child.mjs', JSON.stringify(request)], folder),
  };
}

/** The program in a package of this manifest, or in the package for this platform that it depends on. Install scripts are not run. */
function packaged(name, place) {
  const folder = join(import.meta.dirname, 'node_modules', name);
  if (!existsSync(folder)) return undefined;
  const platforms = Object.keys(require(join(folder, 'package.json')).optionalDependencies ?? {});
  const candidates =
    platforms.length === 0 ? [place({ folder })] : platforms.map((platform) => join(dirname(folder), place({ name: platform })));
  return candidates.find((path) => existsSync(path));
}

function installed(...paths) {
  return paths.find((path) => path && existsSync(path));
}

/** What a program says of its version; WebKit's driver says it when a run starts. */
export function versionOf({ name, path }) {
  if (name === 'WebKit') return undefined;
  const text = execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return /\d[\d.-]+\d/.exec(text)?.[0];
}

/** Starts a program in a process group of its own. `ended` rejects when it ends; `stop` ends the group. */
function run(path, args, cwd, env = {}) {
  const child = spawn(path, args, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said = (said + text).slice(-2000)));
  const gone = new Promise((resolve) => child.once('close', resolve));
  const ended = new Promise((_, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`ended with ${code}: ${said.trim()}`)));
  });
  ended.catch(() => {});
  const stop = async () => {
    if (child.exitCode !== null || child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {} // it is gone already
    await gone;
  };
  return { ended, stop };
}

/** The same, with a temporary folder that goes when it stops. */
function runWithProfile(start) {
  const profile = mkdtempSync(join(tmpdir(), 'leadwise-profile-'));
  const { ended, stop } = start(profile);
  const clean = () => rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  return { ended, stop: () => stop().finally(clean) };
}

function pageUrl(request) {
  return `${request.base}/page.html?run=${encodeURIComponent(JSON.stringify(request))}`;
}

function startChromium(path, request) {
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'];
  return runWithProfile((profile) => run(path, [...flags, `--user-data-dir=${profile}`, pageUrl(request)], profile));
}

function startFirefox(path, request) {
  return runWithProfile((profile) => {
    const quiet = ['browser.shell.checkDefaultBrowser', 'datareporting.policy.dataSubmissionEnabled', 'app.normandy.enabled'];
    writeFileSync(join(profile, 'user.js'), quiet.map((name) => `user_pref("${name}", false);\n`).join(''));
    mkdirSync(join(profile, 'home'));
    return run(path, ['--headless', '--no-remote', '--profile', profile, pageUrl(request)], profile, { HOME: join(profile, 'home') });
  });
}

async function startWebKit(path, request) {
  const port = await freePort();
  const driver = run('xvfb-run', ['-a', path, `--port=${port}`], tmpdir());
  const command = async (name, body) => {
    const response = await fetch(`http://127.0.0.1:${port}/${name}`, { method: 'POST', body: JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebKitWebDriver: ${value.error}: ${value.message}`);
    return value;
  };
  try {
    await listening(port, driver);
    const { sessionId, capabilities } = await command('session', { capabilities: {} });
    await command(`session/${sessionId}/url`, { url: pageUrl(request) });
    return { ...driver, version: capabilities.browserVersion };
  } catch (error) {
    await driver.stop();
    throw error;
  }
}

async function startWorkerd(path, request, folder) {
  const port = await freePort();
  const server = run(path, ['serve', await bundleForWorkerd(folder, port)], folder);
  try {
    await listening(port, server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  fetch(`http://127.0.0.1:${port}/?run=${encodeURIComponent(JSON.stringify(request))}`).catch(() => {}); // the run itself says how it ends
  return server;
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Resolves when somebody answers at `port`. */
async function listening(port, { ended }) {
  for (let attempt = 0; attempt < 300; attempt++) {
    try {
      await Promise.race([fetch(`http://127.0.0.1:${port}/status`), ended]);
      return;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`nobody listens at ${port}`);
}
