// The audit tells a registry that finds nothing from one that cannot be asked.

import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BULK = '/-/npm/v1/security/advisories/bulk';

/** Runs the audit against a registry that gives these advisories, or refuses. */
async function audit(
  advisories: object | undefined,
  ...locks: string[]
): Promise<{ code: number | null; said: string; asked: Set<string> }> {
  const asked = new Set<string>();
  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void body.push(chunk));
    request.on('end', () => {
      if (request.url !== BULK || !advisories) return response.writeHead(request.url === BULK ? 405 : 404).end();
      for (const name of Object.keys(JSON.parse(gunzipSync(Buffer.concat(body)).toString()))) asked.add(name);
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(advisories));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const env = { ...process.env, npm_config_registry: registry, npm_config_fetch_retries: '0' };
  const child = spawn(process.execPath, ['.ci/audit.mjs', ...locks], { cwd: ROOT, env });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => void output.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  server.close();
  return { code, said: Buffer.concat(output).toString(), asked };
}

it('exits with 0 where nothing is known, having asked for every lock file', async () => {
  const { code, said, asked } = await audit({});
  expect(code, said).toBe(0);
  expect(asked.has('assemblyscript')).toBe(true);
  expect(said).toMatch(/^package-lock\.json: \d+ packages, 0 with/m);
  for (const folder of ['test/engines', 'examples', 'bench/peers']) expect(said).toContain(`${folder}/package-lock.json: `);
});

it('exits with 1 for a low finding', async () => {
  const advisory = { id: 1, url: 'https://example.org/1', title: 'for the test', severity: 'low', vulnerable_versions: '*', cwe: [] };
  const { code, said } = await audit({ 'fast-check': [advisory] }, 'package-lock.json');
  expect(code, said).toBe(1);
  expect(said).toContain('low: fast-check');
});

it('exits with 3 and says so where the registry refuses', async () => {
  const { code, said } = await audit(undefined, 'package-lock.json');
  expect(code, said).toBe(3);
  expect(said).toMatch(/NOT AUDITED/);
  expect(said).toMatch(/no clean audit/);
});
