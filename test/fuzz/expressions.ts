// Every regular expression of the sources, where it stands.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface Expression {
  /** `src/readers/csv.ts:12`. */
  place: string;
  source: string;
  flags: string;
}

/** Literals, and `new RegExp` of literal texts; of any other `RegExp` the source is undefined. */
export function findExpressions(root: string, folder: string): (Expression | { place: string; source: undefined })[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .flatMap((name) => {
      const path = join(folder, name).replaceAll('\\', '/');
      const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.ES2022, true);
      const found: ReturnType<typeof findExpressions> = [];
      const visit = (node: ts.Node): void => {
        const place = `${path}:${file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1}`;
        if (ts.isRegularExpressionLiteral(node)) {
          const [, source = '', flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(node.text) ?? [];
          found.push({ place, source, flags });
        } else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText(file) === 'RegExp') {
          const [source, flags] = node.arguments ?? [];
          const isText = (part: ts.Node | undefined) => part !== undefined && ts.isStringLiteralLike(part);
          const text = (part: ts.Node | undefined) => (part as ts.StringLiteral | undefined)?.text ?? '';
          found.push(
            isText(source) && (flags === undefined || isText(flags))
              ? { place, source: text(source), flags: text(flags) }
              : { place, source: undefined },
          );
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
      return found;
    });
}
