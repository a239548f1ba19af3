/**
 * HTML as tagged templates that escape by default: only what another template made goes in as it is.
 */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (char) => entities[char] as string);

/** Strings and numbers are escaped, lists joined, `undefined` and `false` left out. Quote attributes. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(textOf)));
}

function textOf(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(textOf).join('');
}

export const join = (parts: readonly HtmlValue[], separator: HtmlValue): Html =>
  html`${parts.map((part, index) => (index === 0 ? part : [separator, part]))}`;

/**
 * Text of the contracts: what stands in backticks is code, and a link where `links` knows it. Lines
 * become paragraphs only where they are parted by an empty one.
 */
export function prose(text: string, links: ReadonlyMap<string, string> = new Map()): Html {
  const parts = text.split('`').map((part, index) => {
    if (index % 2 === 0) return part;
    const target = links.get(part);
    return target === undefined
      ? html`<code>${part}</code>`
      : html`<a href="${target}"><code>${part}</code></a>`;
  });
  return html`${parts}`;
}

/** JSON over several lines, short objects and lists on one, with its parts marked for the stylesheet. */
export function jsonBlock(value: unknown, width = 72): Html {
  return html`<pre class="code"><code>${marked(print(value, '', width))}</code></pre>`;
}

/** `lead` is how much stands before the value on its first line. */
function print(value: unknown, indent: string, width: number, lead = indent.length): string {
  const flat = flatJson(value);
  if (typeof value !== 'object' || value === null || lead + flat.length <= width) return flat;
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((item) => inner + print(item, inner, width))
    : Object.entries(value).map(([key, item]) => {
        const start = `${inner}${JSON.stringify(key)}: `;
        return start + print(item, inner, width, start.length);
      });
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return `${open}\n${lines.join(',\n')}\n${indent}${close}`;
}

/** `{ "seat": 12 }`: on one line, with room to read. */
function flatJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${flatJson(item)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?|true|false|null)/g;

function marked(json: string): Html {
  const parts: HtmlValue[] = [];
  let at = 0;
  for (const match of json.matchAll(tokens)) {
    const [all, text, colon, word] = match;
    parts.push(json.slice(at, match.index));
    if (text !== undefined && colon !== undefined) parts.push(html`<span class="key">${text}</span>`, colon);
    else if (text !== undefined) parts.push(html`<span class="string">${text}</span>`);
    else parts.push(html`<span class="word">${word}</span>`);
    at = match.index + all.length;
  }
  parts.push(json.slice(at));
  return html`${parts}`;
}
