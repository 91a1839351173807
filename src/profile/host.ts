/** What engines say of themselves. */
interface Host {
  Bun?: { version: string };
  Deno?: { version: { deno: string } };
  process?: { versions?: { node?: string } };
  navigator?: { userAgent?: string };
}

/** The engine in words: `node 20.20.2`, `deno 2.5.6`, `bun 1.3.1`, a browser's or worker's user agent, or `unknown`. */
export function describeEngine(): string {
  const { Bun, Deno, process: host, navigator: browser } = globalThis as Host;
  // Bun and Deno also claim to be Node.
  if (Bun) return `bun ${Bun.version}`;
  if (Deno) return `deno ${Deno.version.deno}`;
  if (host?.versions?.node) return `node ${host.versions.node}`;
  return browser?.userAgent || 'unknown';
}
