/** The tables of both pages: fields, errors, shared types, catalogues. On phones each row is a card. */
import type { AskContract, Contract, JsonSchema } from '../contracts.ts';
import { disconnects } from '../disconnects.ts';
import { type ErrorCode, errors } from '../errors.ts';
import { type Field, fieldsOf, type TypeText } from './fields.ts';
import { type Html, type HtmlValue, html, join, prose } from './html.ts';
import { heading } from './layout.ts';
import { allContracts, commonCodes, docsPaths, groupBy, refName, types } from './schema.ts';

/** A link for each name that texts put into backticks, as seen from one of the pages. */
export function linksFrom(path: string, isHere: (contract: Contract) => boolean): Map<string, string> {
  const other = path === docsPaths.sockets ? docsPaths.http : docsPaths.sockets;
  return new Map([
    ...Object.keys(disconnects).map((code) => [code, `${docsPaths.sockets}#disconnect-${code}`] as const),
    ...Object.keys(errors).map((code) => [code, `#error-${code}`] as const),
    ...allContracts.map((each) => [each.name, `${isHere(each) ? '' : other}#${each.name}`] as const),
  ]);
}

interface Column {
  readonly title: string;
  readonly className?: string;
}

/** Each cell carries its column's title, for the card it becomes on a phone. */
export function table(columns: readonly Column[], rows: readonly (readonly HtmlValue[])[]): Html {
  return html`<table class="docs-table">
<thead><tr>${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}</tr></thead>
<tbody>
${rows.map((cells) => html`<tr>${cells.map((cell, index) => tableCell(columns[index], cell))}</tr>\n`)}</tbody>
</table>`;
}

function tableCell(column: Column | undefined, cell: HtmlValue): Html {
  const empty = cell === '' || cell === undefined;
  return html`<td class="${column?.className ?? ''}${empty && ' empty'}" data-title="${column?.title ?? ''}"><div>${cell}</div></td>`;
}

const fieldColumns: readonly Column[] = [
  { title: 'Name', className: 'name' },
  { title: 'Type', className: 'type' },
  { title: 'Required', className: 'required' },
  { title: 'Allowed', className: 'allowed' },
  { title: 'Description' },
];

/** The fields of a request, a reply, a tell or a type. `otherwise` stands there when it has none. */
export function fieldTable(schema: JsonSchema, links: ReadonlyMap<string, string>, otherwise: string): Html {
  const shared = refName(schema);
  if (shared !== undefined) return html`<p>One ${typeLink(shared)}.</p>`;
  const fields = fieldsOf(schema).filter(({ name }) => name !== '');
  if (fields.length === 0) return html`<p>${prose(String(schema.description ?? otherwise), links)}</p>`;
  return table(
    fieldColumns,
    fields.map((field) => fieldCells(field, links)),
  );
}

const fieldCells = (field: Field, links: ReadonlyMap<string, string>): HtmlValue[] => [
  html`<code>${field.name}</code>`,
  typeHtml(field.type),
  field.required ? 'required' : html`<span class="optional">optional</span>`,
  prose(field.allowed),
  prose(field.description, links),
];

function typeHtml({ name, shared, list, nullable }: TypeText): Html {
  const base = shared ? typeLink(name) : name;
  return html`${base}${list && '[]'}${nullable && ' or null'}`;
}

export function typeLink(name: string): Html {
  const description = types[name]?.description;
  return html`<a href="#type-${name}" title="${typeof description === 'string' ? description : name}">${name}</a>`;
}

export interface ErrorTableOptions {
  /** Whether the rows are the places that `#error-…` leads to. */
  readonly anchors?: boolean;
  /** HTTP has a status for each code, the socket has none. */
  readonly status: boolean;
  /** Who may answer a code, for the catalogue. */
  readonly answeredBy?: ReadonlyMap<ErrorCode, readonly string[]>;
}

/** Errors with all that the catalogue knows of them. */
export function errorTable(codes: readonly ErrorCode[], options: ErrorTableOptions): Html {
  const { anchors, status, answeredBy } = options;
  const columns: Column[] = [
    { title: 'Code', className: 'name' },
    ...(status ? [{ title: 'Status', className: 'status' }] : []),
    { title: 'Retry', className: 'retry' },
    { title: 'Meaning' },
    { title: 'Details', className: 'details' },
    ...(answeredBy ? [{ title: 'Answered by', className: 'answered-by' }] : []),
  ];
  const rows = codes.map((code) => {
    const entry = errors[code];
    return [
      html`<a href="#error-${code}"${anchors && html` id="error-${code}"`}><code>${code}</code></a>`,
      ...(status ? [entry.status] : []),
      html`<span class="docs-retry docs-retry-${entry.retry}">${entry.retry}</span>`,
      entry.message,
      entry.details === undefined ? '' : html`<code>${entry.details}</code>`,
      ...(answeredBy ? [nameLinks(answeredBy.get(code) ?? [])] : []),
    ];
  });
  return table(columns, rows);
}

const nameLinks = (names: readonly string[]) =>
  join(
    names.map((name) => html`<a href="#${name}"><code>${name}</code></a>`),
    ' ',
  );

export const disconnectTable = (): Html =>
  table(
    [{ title: 'Code', className: 'name' }, { title: 'Come back', className: 'retry' }, { title: 'Meaning' }],
    Object.entries(disconnects).map(([code, { reconnect, message }]) => [
      html`<a href="#disconnect-${code}" id="disconnect-${code}"><code>${code}</code></a>`,
      html`<span class="docs-retry docs-retry-${reconnect}">${reconnect}</span>`,
      message,
    ]),
  );

/** The errors that every message may answer, and those that only some do. */
export function errorCatalogue(over: 'socket' | 'http', asks: readonly AskContract[]): Html {
  const pairs = asks.flatMap((ask) => ask.errors.map((code) => ({ code, name: ask.name })));
  const answeredBy = new Map(
    [...groupBy(pairs, ({ code }) => code)].map(([code, each]) => [code, each.map(({ name }) => name)]),
  );
  const options = { anchors: true, status: over === 'http' };
  return html`${heading(2, 'errors', 'Errors')}
<p>The request failed, the connection lives on. Compare the code, never the message.</p>
${heading(3, 'common-errors', 'Every message may answer')}
${errorTable(commonCodes(over), options)}
${heading(3, 'own-errors', 'Only some messages answer')}
${errorTable([...answeredBy.keys()].sort(), { ...options, answeredBy })}`;
}

/** Shared types: values in one table, objects each with their fields. */
export function typeSections(names: readonly string[], links: ReadonlyMap<string, string>): Html {
  const isObject = (name: string) => types[name]?.properties !== undefined;
  const values = names.filter((name) => !isObject(name));
  return html`${heading(2, 'types', 'Shared types')}
${table(
  fieldColumns.filter(({ title }) => title !== 'Required'),
  values.map((name) => valueCells(name, links)),
)}
${names.filter(isObject).map(
  (name) => html`${heading(3, `type-${name}`, html`<code>${name}</code>`)}
<p>${prose(String(types[name]?.description ?? ''), links)}</p>
${fieldTable(types[name] ?? {}, links, '')}`,
)}`;
}

function valueCells(name: string, links: ReadonlyMap<string, string>): HtmlValue[] {
  const [field] = fieldsOf(types[name] ?? {});
  if (field === undefined) return [];
  return [
    html`<a href="#type-${name}" id="type-${name}"><code>${name}</code></a>`,
    typeHtml(field.type),
    prose(field.allowed),
    prose(field.description, links),
  ];
}
