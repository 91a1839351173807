// npm run build:jsr: what JSR publishes, in build/jsr. Deno reads `./x.js` in a declaration as that very file, so there the declarations
// name each other. Try it with `cd build/jsr && deno publish --dry-run --allow-dirty`.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const TARGET = 'build/jsr';
const { publish } = JSON.parse(readFileSync('jsr.json', 'utf8'));

rmSync(TARGET, { recursive: true, force: true });
mkdirSync(TARGET, { recursive: true });
for (const path of [...publish.include, 'jsr.json']) cpSync(path, join(TARGET, path), { recursive: true });
for (const name of readdirSync(join(TARGET, 'dist/types'), { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue;
  const path = join(TARGET, 'dist/types', name);
  writeFileSync(path, readFileSync(path, 'utf8').replace(/((?:from|import\()\s*['"]\.[^'"]*)\.js(['"])/g, '$1.d.ts$2'));
}
