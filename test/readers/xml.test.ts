import fc from 'fast-check';
import * as fastXmlParser from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { attribute, child, children, parseXml, text, type XmlElement, xmlRoot } from '../../src/readers/xml.js';
import { bytesOf } from './writers.js';

const libraries = { 'fast-xml-parser': fastXmlParser };

const parse = (source: string | Uint8Array) => parseXml(typeof source === 'string' ? bytesOf(source) : source, libraries, 'xml');

function expectError(source: string | Uint8Array, code: string, line?: number) {
  const read = () => parse(source);
  expect(read, String(source).slice(0, 60)).toThrow(expect.objectContaining({ name: 'FormatError', code }));
  if (line !== undefined) expect(read).toThrow(expect.objectContaining({ place: { format: 'xml', line } }));
  return expect(read);
}

const utf16 = (source: string, little: boolean) => {
  const units = [0xfeff, ...Array.from({ length: source.length }, (_, i) => source.charCodeAt(i))];
  return Uint8Array.from(units.flatMap((unit) => (little ? [unit & 255, unit >> 8] : [unit >> 8, unit & 255])));
};

describe('parseXml', () => {
  it('gives names without prefixes, attributes, children in order, and text', () => {
    const root = parse(`<?xml version="1.0"?>
      <!-- a comment <not> a tag -->
      <?style sheet="<x>"?>
      <h:a xmlns:h="urn:x" xmlns="urn:y" h:one=" 1 " two='&lt;"&#181;&#xb5;'>
        before <b>1</b><h:c/><b> 2 </b><![CDATA[<in> &amp;]]> after &amp;
      </h:a>`);
    expect(root.name).toBe('a');
    expect([...root.attributes]).toEqual([
      ['one', ' 1 '],
      ['two', '<"\u00b5\u00b5'],
    ]);
    expect(root.children.map(({ name }) => name)).toEqual(['b', 'c', 'b']);
    expect(root.text.replace(/\s+/g, ' ')).toBe(' before <in> &amp; after & ');
    expect(attribute(root, 'one')).toBe('1');
    expect(attribute(root, 'three')).toBeUndefined();
    expect(children(root, 'b').map((element) => text(element))).toEqual(['1', '2']);
    expect(text(root, 'b')).toBe('1');
    expect(text(root, 'c')).toBe('');
    expect(text(root, 'c', 'd')).toBeUndefined();
    expect(child(undefined, 'a')).toBeUndefined();
    expect(children(undefined, 'a')).toEqual([]);
    expect(attribute(undefined, 'a')).toBeUndefined();
  });

  it('reads numbers as they are written', () => {
    const root = parse('<a b="007"> 00.10 <c>1e400</c><d>0x10</d></a>');
    expect([attribute(root, 'b'), text(root), text(root, 'c'), text(root, 'd')]).toEqual(['007', '00.10', '1e400', '0x10']);
  });

  it('is not led to the prototype by a name', () => {
    for (const source of [
      '<a toString="1"/>',
      '<a><constructor>2</constructor></a>',
      '<a><__proto__ polluted="1">x</__proto__></a>',
      '<a __proto__="x"/>',
    ]) {
      try {
        parse(source);
      } catch (error) {
        expect(error).toMatchObject({ code: 'BAD_XML' });
      }
      expect(({} as { polluted?: string }).polluted).toBeUndefined();
    }
  });

  it('decodes UTF-8, UTF-16 by its mark, and ISO-8859-1 by declaration', () => {
    const document = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?><a u="\u00b5V">\u00b5V</a>`;
    const latin1 = (source: string) => Uint8Array.from(source, (letter) => letter.charCodeAt(0));
    for (const bytes of [
      bytesOf(document('UTF-8')),
      bytesOf(`\ufeff${document('utf-8')}`),
      utf16(document('UTF-16'), true),
      utf16(document('UTF-16'), false),
      latin1(document('ISO-8859-1')),
      latin1(document('windows-1252')),
    ]) {
      const root = parse(bytes);
      expect([text(root), attribute(root, 'u')]).toEqual(['\u00b5V', '\u00b5V']);
      expect(xmlRoot(bytes)).toBe('a');
    }
    // Bytes that could be UTF-8 are ISO-8859-1 where that is declared.
    expect(text(parse(latin1('<?xml version="1.0" encoding="iso-8859-1"?><a>\u00c2\u00b5</a>')))).toBe('\u00c2\u00b5');
    expectError(latin1('<?xml version="1.0" encoding="shift_jis"?><a>\u00b5</a>'), 'UNSUPPORTED_XML_ENCODING');
    expect(text(parse('<?xml version="1.0" encoding="shift_jis"?><a>x</a>'))).toBe('x');
    expectError(utf16('<a/>', true).subarray(2), 'BAD_XML'); // UTF-16 without its mark
  });

  it('needs the library, and says where it comes from', () => {
    for (const given of [undefined, {}]) {
      const read = () => parseXml(bytesOf('<a/>'), given, 'muse');
      expect(read).toThrow(expect.objectContaining({ name: 'UnsupportedError', code: 'LIBRARY_REQUIRED', place: { format: 'muse' } }));
      expect(read).toThrow('npm install fast-xml-parser');
    }
    expect(() => parseXml(bytesOf('<a/>'), { 'fast-xml-parser': {} as never }, 'muse')).toThrow(TypeError);
  });

  it.each([
    ['', undefined],
    ['no xml', undefined],
    ['<a>', 1],
    ['<a>\n<b>\n</a>', 3],
    ['<a>\n<b c=1/></a>', 2],
    ['<a b="1" b="2"/>', 1],
    ['<a/><b/>', undefined],
    ['<a>\n&nbsp;</a>', undefined],
    ['<a>&#0;</a>', undefined],
    ['<a>&#x110000;</a>', undefined],
    ['<a>& b</a>', undefined],
    ['<a>\n\0</a>', 2],
    ['<a b="', undefined],
    ['<a><!-- </a>', undefined],
  ])('refuses what is no XML: %j', (source, line) => {
    expectError(source, 'BAD_XML', line);
  });

  it('quotes nothing of a broken document', () => {
    for (const source of ['<a><Jane></a>', '<a Jane=Doe/>', '<a Jane/>', '<a>&Jane;</a>', '<Jane>']) {
      expectError(source, 'BAD_XML').not.toThrow('Jane');
    }
  });
});

describe('what XML can do to a reader', () => {
  const bomb = `<!DOCTYPE a [ <!ENTITY b "${'x'.repeat(1000)}"> <!ENTITY c "&b;&b;&b;"> ]>\n<a>&c;</a>`;

  it('refuses declarations, and passes over a document type that only refers to a file', () => {
    for (const source of [
      bomb,
      `<?xml version="1.0"?>\n${bomb}`,
      '<!DOCTYPE a SYSTEM "x" [<!ELEMENT a ANY>]><a/>',
      '<!DOCTYPE a []><a/>',
      '<!ENTITY b "c"><a/>',
      '<a><!ENTITY b "c"></a>',
      '<a><!DOCTYPE a SYSTEM "x"></a>',
      '<!DOCTYPE a SYSTEM "x"><!DOCTYPE a SYSTEM "y"><a/>',
      '<!doctype a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      '<!DOCTYPE a SYSTEM "]>" [<!ENTITY b "c">]><a>&b;</a>',
    ]) {
      expectError(source, 'XML_ENTITIES');
    }
    expectError(`<?xml version="1.0"?>\n<a>\n<!ENTITY b "c"></a>`, 'XML_ENTITIES', 3);
    expect(text(parse('<?xml version="1.0"?>\n<!DOCTYPE RestingECG SYSTEM "restecg.dtd">\n<a>x</a>'))).toBe('x');
    expect(text(parse('<!-- [ --><!DOCTYPE a PUBLIC "-//x" "http://x.invalid/">\n<a>x</a>'))).toBe('x');
    expectError('<!DOCTYPE a SYSTEM "x">\n\n<a><b></a>', 'BAD_XML', 3);
    expectError('<!DOCTYPE a SYSTEM "x><a/>', 'BAD_XML');
  });

  it('limits depth, elements, attributes and what a tag holds beside them', () => {
    const deep = (levels: number) => `${'<a>'.repeat(levels)}${'</a>'.repeat(levels)}`;
    expect(parse(deep(64)).name).toBe('a');
    expectError(`\n\n${deep(65)}`, 'XML_LIMIT', 1);
    expectError(`<a>\n${'<a>'.repeat(1_000_000)}`, 'XML_LIMIT', 2);
    expectError(`<a>${'<b/>'.repeat(500_000)}</a>`, 'XML_LIMIT');
    const attributes = (count: number) => `<a ${Array.from({ length: count }, (_, i) => `b${i}="1"`).join(' ')}/>`;
    expect(parse(attributes(64)).attributes.size).toBe(64);
    expectError(attributes(65), 'XML_LIMIT');
    expectError(attributes(1_000_000), 'XML_LIMIT');
    expectError(`<a${' '.repeat(600)}/>`, 'XML_LIMIT');
    expectError(`<${'a'.repeat(600)}/>`, 'XML_LIMIT');
    expect(attribute(parse(`<a b="${'<!DOCTYPE ['.replace('<', '&lt;').repeat(1000)}"/>`), 'b')).toHaveLength(11_000);
    expectError(new Uint8Array(2 ** 26 + 1), 'FILE_TOO_LARGE');
  });

  it('takes linear time', () => {
    const times: [string, number][] = [];
    const pieces = [
      '<',
      '<a ',
      '<a>',
      '</',
      '<!--',
      '<![CDATA[',
      '<?',
      '&',
      '&a',
      '&amp;',
      ' ',
      '"',
      "='",
      '<a b="',
      'x',
      '<a/>',
      '\n',
      '-->',
      ']]>',
    ];
    for (const piece of pieces) {
      const long = piece.repeat(Math.ceil(400_000 / piece.length));
      for (const source of [long, `<a>${long}</a>`, `<a b="${long}"/>`, `<a ${long}/>`, `<!-- ${long} --><a/>`, `<!DOCTYPE ${long}`]) {
        const started = performance.now();
        xmlRoot(bytesOf(source));
        try {
          parse(source);
        } catch (error) {
          expect(error).toMatchObject({ name: 'FormatError' });
        }
        times.push([source.slice(0, 20), performance.now() - started]);
      }
    }
    const [slowest] = times.sort(([, a], [, b]) => b - a);
    expect(slowest![1], slowest![0]).toBeLessThan(2000);
  });

  it('gives a tree or a FormatError for anything', () => {
    const pieces = fc.constantFrom(
      '<a>',
      '</a>',
      '<b c="',
      '"/>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '<!DOCTYPE a',
      '[',
      '>',
      '&#1;',
      '&lt;',
      '\0',
      ' ',
      ':',
      "'",
      '=',
      '<',
      '/',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 20 }), (parts) => {
        let root: XmlElement;
        try {
          root = parse(`<a>${parts.join('')}</a>`);
        } catch (error) {
          expect(error).toMatchObject({ name: 'FormatError' });
          return;
        }
        expect(root.name).toBe('a');
      }),
      { numRuns: 2000 },
    );
  });
});

describe('xmlRoot', () => {
  it.each([
    ['<a/>', 'a'],
    ['  <?xml version="1.0"?>\n<!-- <b> --><!DOCTYPE c SYSTEM "d"><x:a y="1">', 'a'],
    ['\ufeff<RestingECG>', 'RestingECG'],
    ['<a', 'a'],
    ['', undefined],
    ['{"a": "<b>"}', undefined],
    ['</a><b>', undefined],
    ['<!-- ', undefined],
    ['<', undefined],
    ['<>', undefined],
  ])('%j: %j', (source, name) => {
    expect(xmlRoot(bytesOf(source))).toBe(name);
  });
});
