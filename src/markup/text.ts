// Text and numbers as HTML and SVG take them.

const ENTITIES: { readonly [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Three decimals, with a real minus sign; a dash for what is not defined. */
export function fixed(value: number | null, decimals = 3): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const digits = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(digits) !== 0 ? `−${digits}` : digits;
}

/** A count with commas between thousands: `toLocaleString` would differ between engines. */
export function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 record`, `2,000 records`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** As a coordinate. */
export function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

/** `content` and `attributes` are SVG. */
export function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${tenth(x)}" y="${tenth(y)}"${attributes}>${content}</text>`;
}

export const MIDDLE = ' text-anchor="middle"';
export const END = ' text-anchor="end"';
