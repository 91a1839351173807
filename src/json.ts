// JSON from files that anybody may have made.

/** Nesting of what is read here: a FHIR Bundle has 12 levels. */
const MAX_DEPTH = 64;
/** Objects, lists and texts in all: each takes tens of bytes of memory for two or three of the file. Numbers are not counted. */
const MAX_NODES = 2 ** 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The value of a JSON text, looked over before the engine's parser sees it.
 * @param refuse makes the error for a text beyond the limits, of what is said of it
 * @param mostDepth of objects and lists in each other
 * @throws what `refuse` gives, and the SyntaxError of JSON.parse
 */
export function parseJsonWithin(text: string, refuse: (what: string) => Error, mostDepth = MAX_DEPTH): unknown {
  let depth = 0;
  let nodes = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at);
    if (letter === QUOTE) {
      nodes++;
      at = endOfString(text, at);
    } else if (letter === 0x7b || letter === 0x5b) {
      nodes++;
      if (++depth > mostDepth) throw refuse(`objects and lists more than ${mostDepth} deep`);
    } else if (letter === 0x7d || letter === 0x5d) depth--;
    if (nodes > MAX_NODES) throw refuse(`more than ${MAX_NODES} objects, lists and texts`);
  }
  return JSON.parse(text);
}

/** The closing quote of a string that begins at `start`; the text's end where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}
