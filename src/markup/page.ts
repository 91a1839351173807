import { PAGE_STYLE } from './style.js';
import { escapeHtml } from './text.js';

/**
 * One self-contained page: no script, nothing from elsewhere, and a policy that says so.
 * @param parts `title` is plain text, `style` what the page adds to the style of all, `body` HTML
 */
export function htmlPage({ title, style, body }: { title: string; style: string; body: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${PAGE_STYLE}${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}
