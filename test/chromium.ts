// A page of a test's own server in Chromium.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** LEADWISE_CHROMIUM, or where it usually is; undefined where there is none. */
export const CHROMIUM = [process.env['LEADWISE_CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
);

/** One page, its server and its browser. */
export class Page {
  private readonly profile = mkdtempSync(join(tmpdir(), 'leadwise-chromium-'));
  private browser: ChildProcess | undefined;

  constructor(private readonly server: Server) {}

  /** Opens a path of the server. Rejects when the browser ends; that it has done its work is for the server to see. */
  open(path: string): Promise<never> {
    return new Promise((_, reject) => {
      this.server.listen(0, '127.0.0.1', () => {
        const { port } = this.server.address() as AddressInfo;
        const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${this.profile}`];
        this.browser = spawn(CHROMIUM!, [...flags, `http://127.0.0.1:${port}${path}`], { detached: true, stdio: 'ignore' });
        this.browser.on('error', reject);
        this.browser.on('exit', (code) => reject(new Error(`the browser ended: ${code}`)));
      });
    });
  }

  async close(): Promise<void> {
    const { browser } = this;
    if (browser?.exitCode === null) {
      const gone = new Promise((resolve) => browser.once('close', resolve));
      process.kill(-browser.pid!, 'SIGKILL'); // the browser is a group of processes
      await gone;
    }
    this.server.closeAllConnections();
    this.server.close();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
