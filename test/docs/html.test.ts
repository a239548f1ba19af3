import { describe, expect, test } from 'vitest';
import { allowed, fieldsOf } from '../../src/docs/fields.ts';
import { escapeHtml, html, jsonBlock, prose } from '../../src/docs/html.ts';

describe('html', () => {
  test('escapes what it is given, in text and in attributes', () => {
    const evil = `"><script>alert('x')&</script>`;
    expect(html`<p title="${evil}">${evil}</p>`.text).toBe(
      `<p title="${escapeHtml(evil)}">${escapeHtml(evil)}</p>`,
    );
    expect(escapeHtml(evil)).toBe('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&amp;&lt;/script&gt;');
  });

  test('leaves what another template made as it is', () => {
    expect(html`<ul>${['a', '<b>'].map((item) => html`<li>${item}</li>`)}</ul>`.text).toBe(
      '<ul><li>a</li><li>&lt;b&gt;</li></ul>',
    );
  });

  test('leaves out what is not there', () => {
    expect(html`${undefined}${false}${0}`.text).toBe('0');
  });

  test('escapes prose inside and outside of code, and links what it knows', () => {
    const links = new Map([['seats:hold', '#seats:hold']]);
    expect(prose('<i> `<b>` `seats:hold`', links).text).toBe(
      '&lt;i&gt; <code>&lt;b&gt;</code> <a href="#seats:hold"><code>seats:hold</code></a>',
    );
  });

  test('escapes JSON and keeps it JSON', () => {
    const value = { 'a"<': ['</pre>', 1.5, true, null, {}], long: 'x'.repeat(80), deep: [{ a: [] }] };
    const text = jsonBlock(value).text;
    expect(text).not.toContain('</pre>"');
    const plain = text
      .replace(/<[^>]*>/g, '')
      .replace(
        /&(lt|gt|quot|#39|amp);/g,
        (_all, name: string) => ({ lt: '<', gt: '>', quot: '"', amp: '&' })[name] ?? "'",
      );
    expect(JSON.parse(plain)).toEqual(value);
  });
});

describe('fields', () => {
  test('flattens nested objects and lists with dots', () => {
    const inner = { type: 'object', required: ['b'], properties: { b: { type: 'string' } } };
    const fields = fieldsOf({
      required: ['a'],
      properties: { a: inner, c: { type: 'array', items: inner } },
    });
    expect(fields.map(({ name, required }) => [name, required])).toEqual([
      ['a', true],
      ['a.b', true],
      ['c', false],
      ['c[].b', true],
    ]);
  });

  test('names shared types, lists of them, and what may be null', () => {
    const reference = { $ref: 'types.json#/$defs/Hold' };
    const [one, list, maybe] = fieldsOf({
      properties: {
        one: reference,
        list: { type: 'array', items: reference },
        maybe: { anyOf: [reference, { type: 'null' }] },
      },
    });
    expect(one?.type).toEqual({ name: 'Hold', shared: true, list: false, nullable: false });
    expect(list?.type).toEqual({ name: 'Hold', shared: true, list: true, nullable: false });
    expect(maybe?.type).toEqual({ name: 'Hold', shared: true, list: false, nullable: true });
  });

  test.each([
    [{ minimum: 0, maximum: 10 }, '0 to 10'],
    [{ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }, 'at least 0'],
    [{ minLength: 0, maxLength: 5000 }, 'at most 5\u202f000 characters'],
    [{ minItems: 1, maxItems: 50, uniqueItems: true }, '1 to 50 items, each once'],
    [{ enum: ['a', 'b'] }, '`a`, `b`'],
    [{ const: true }, 'always true'],
    [{ pattern: '\\S' }, 'not only blanks'],
    [{}, ''],
  ])('says what %j allows', (schema, words) => {
    expect(allowed(schema).join(', ')).toBe(words);
  });
});
