// Parts of tables.

/** Heads of columns; those that are `textual` stand at the left, as their cells do. */
export function headCells(heads: readonly string[], textual: readonly string[] = []): string {
  return heads.map((head) => `<th scope="col"${textual.includes(head) ? ' class="text"' : ''}>${head}</th>`).join('');
}

/** What scrolls by itself where it is wider than the page; with the keyboard too. `label` and `content` are HTML. */
export function box(label: string, content: string, type = ''): string {
  return `<div class="box${type === '' ? '' : ` ${type}`}" role="region" tabindex="0" aria-label="${label}">${content}</div>`;
}
