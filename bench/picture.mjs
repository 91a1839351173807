// A bar chart of milliseconds, as SVG: groups of bars, each group on a scale of its own (`published` takes forty times as long as `edge`).

const [WIDTH, LEFT, RIGHT, BAR, GAP, HEAD] = [840, 265, 135, 18, 6, 30];
const COLOURS = ['#126090', '#8a97a3', '#8a97a3', '#8a97a3', '#8a97a3'];

const escapeXml = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
const ms = (value) => `${value.toFixed(value < 100 ? 1 : 0)} ms`;

/** groups: [{ name, bars: [{ name, median, best }] }]; the first bar of a group is ours. */
export function barsSvg(title, groups) {
  const parts = [];
  let y = 44;
  for (const { name, bars } of groups) {
    parts.push(`<text x="12" y="${y + 14}" class="head">${escapeXml(name)}</text>`);
    y += HEAD;
    const longest = Math.max(...bars.map(({ median }) => median));
    for (const [i, bar] of bars.entries()) {
      const length = ((WIDTH - LEFT - RIGHT) * bar.median) / longest;
      const ratio = i === 0 ? '' : `, ${(bar.median / bars[0].median).toFixed(2)} x`;
      parts.push(
        `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escapeXml(bar.name)}</text>`,
        `<rect x="${LEFT}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" fill="${COLOURS[i % COLOURS.length]}"/>`,
        `<text x="${(LEFT + length + 6).toFixed(1)}" y="${y + 13}">${ms(bar.median)}${ratio}</text>`,
      );
      y += BAR + GAP;
    }
    y += 10;
  }
  const style = 'text{font:12px system-ui,sans-serif;fill:#1a2026}.head{font-weight:600}.title{font-size:15px;font-weight:600}';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="${escapeXml(title)}">` +
    `<style>${style}</style><rect width="${WIDTH}" height="${y}" fill="#fff"/><text x="12" y="26" class="title">${escapeXml(title)}</text>${parts.join('')}</svg>\n`
  );
}
