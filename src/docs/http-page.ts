/** The page `/docs/http`, from the OpenAPI document, in the look of the socket page. */
import type { JsonSchema } from '../contracts.ts';
import { variables } from '../config.ts';
import { RequestError } from '../errors.ts';
import { problem } from '../http/problem.ts';
import { type Html, html, jsonBlock, prose } from './html.ts';
import { docsPage, heading, type MenuGroup } from './layout.ts';
import { httpContracts, type OpenApiOptions, type Operation, openApi, type Parameter } from './open-api.ts';
import { commonCodes, docsPaths, groupBy, httpUrl, usedTypes } from './schema.ts';
import { errorCatalogue, errorTable, fieldTable, linksFrom, typeSections } from './tables.ts';

type Links = ReadonlyMap<string, string>;
interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function httpPage(options: OpenApiOptions): string {
  const document = openApi(options);
  const endpoints = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
  const byTag = groupBy(endpoints, ({ operation }) => operation.tags[0] ?? '');
  const links = linksFrom(docsPaths.http, (each) => each.kind === 'ask' && each.http !== undefined);
  const asks = httpContracts();
  const schemas = asks.flatMap(({ request, reply }) => [request, reply]);
  return docsPage({
    title: 'HTTP',
    description: document.info.description,
    path: docsPaths.http,
    machine: { href: docsPaths.openApi, label: 'OpenAPI 3.1' },
    version: options.version,
    menu: menu(byTag),
    body: html`${intro(options, document.info.description, links)}
${[...byTag].map(([tag, members]) => html`${heading(2, tag, tag)}\n${members.map((each) => endpoint(each, links))}`)}
${typeSections(usedTypes(schemas), links)}
${errorCatalogue('http', asks)}`,
  });
}

function menu(byTag: ReadonlyMap<string, readonly Endpoint[]>): MenuGroup[] {
  const groups = [...byTag].map(([tag, members]) => ({
    href: `#${tag}`,
    label: tag,
    entries: members.map(({ method, operation }) => ({
      href: `#${operation['x-message']}`,
      label: operation.summary,
      mark: method,
    })),
  }));
  return [
    {
      href: '#start',
      label: 'Start here',
      entries: [
        { href: '#requests', label: 'Changing something' },
        { href: '#lists', label: 'Lists' },
        { href: '#caches', label: 'Asking again' },
        { href: '#limits', label: 'How often' },
        { href: '#problems', label: 'Refusals' },
      ],
    },
    ...groups,
    { href: '#types', label: 'Shared types', entries: [] },
    { href: '#errors', label: 'Errors', entries: [] },
  ];
}

const intro = (options: OpenApiOptions, description: string, links: Links) => html`<h1 id="start">HTTP</h1>
<p class="docs-lead">${description}</p>
<p>JSON in UTF-8 both ways. Sign in with ${prose('`auth:login`', links)}, and send the token with each request that needs one; it lasts some minutes, and ${prose('`auth:refresh`', links)} gives the next:</p>
<pre class="code"><code>TOKEN=$(curl -s ${httpUrl(options)}/api/v1/auth/login \\
  -H 'Content-Type: application/json' \\
  -d '{"email":"you@example.org","password":"…"}' | jq -r .token)
curl ${httpUrl(options)}/api/v1/bookings -H "Authorization: Bearer $TOKEN"</code></pre>
${heading(2, 'requests', 'Changing something')}
<p>What may be done once takes an <code>Idempotency-Key</code> of 8 to 64 letters, digits, <code>-</code> or <code>_</code>, new for each thing you want done. Send the same request with the same key again if its answer was lost: it is done once, and a repeat within 24 hours gets the first answer. Something that was made has its address in <code>Location</code>.</p>
<pre class="code"><code>curl ${httpUrl(options)}/api/v1/events/$EVENT/holds \\
  -H "Authorization: Bearer $TOKEN" -H 'Idempotency-Key: evening-0001' \\
  -H 'Content-Type: application/json' -d '{"seats":[12,13]}'</code></pre>
<p>The last who writes wins: no route takes <code>If-Match</code>. A change names the fields it changes and leaves the others as they are.</p>
${heading(2, 'lists', 'Lists')}
<p>A list has a <code>nextCursor</code> while there is more: send it as <code>cursor</code>, with the other parameters as they were, for the next page. Where a list takes <code>fields</code>, it answers only those, separated by commas. A <code>+</code> in a query is written <code>%2B</code>.</p>
<pre class="code"><code>curl '${httpUrl(options)}/api/v1/events?sort=price&fields=title,startsAt,prices&limit=5'</code></pre>
${heading(2, 'caches', 'Asking again')}
<p>Where an answer has an <code>ETag</code>, send it as <code>If-None-Match</code> the next time: 304 without a body says that nothing has changed. Seat maps change all the time: the <a href="${docsPaths.sockets}">socket</a> tells you, here you have to ask.</p>
<pre class="code"><code>curl -i "${httpUrl(options)}/api/v1/events/$EVENT/seats?format=compact" -H 'If-None-Match: "…"'</code></pre>
${heading(2, 'limits', 'How often')}
<p>Requests are counted in three classes, for a user, or for an address without a token: those that read, those that write, and the heavy ones, whose cost is 10 or more. Of the first two ${variables.HTTP_REQUESTS_PER_SECOND.default} a second each, and ${variables.HTTP_BURST.default} more in a burst; of the heavy ones a fifth of that. <code>RateLimit</code> and <code>RateLimit-Policy</code> name the class and say what is left, <code>Retry-After</code> when to come back. Signing in has limits of its own. Costs are shared with the socket and have their own budget there.</p>
<p>Each answer has an <code>X-Request-Id</code>: yours, if you sent one. Name it when you ask us what happened.</p>
${heading(2, 'problems', 'Refusals')}
<p>A refused request is answered with the status of its error and <code>application/problem+json</code>. <code>code</code>, <code>retry</code> and <code>details</code> are the same as over the socket:</p>
${fieldTable(problemSchema(options), links, '')}
${jsonBlock(refusedExample, 80)}`;

const refusedExample = await problem(
  new RequestError('event-not-draft', { fields: ['planId', 'prices'] }),
).json();

/** As the document has it, so that both say the same. */
const problemSchema = (options: OpenApiOptions) => openApi(options).components.schemas?.Problem as JsonSchema;

function endpoint({ method, path, operation }: Endpoint, links: Links): Html {
  const { 'x-message': name, 'x-cost': cost, summary, description, security, parameters } = operation;
  const body = operation.requestBody;
  const isPublic = security.some((each) => Object.keys(each).length === 0);
  return html`<article class="docs-message">
${heading(3, name, html`<span class="docs-mark docs-mark-${method.toLowerCase()}">${method}</span> <code>${path}</code>`)}
<p class="docs-badges"><span>${isPublic ? 'no token needed' : 'needs a token'}</span><span>costs ${cost}</span><span><code>${name}</code></span></p>
<p class="docs-title">${summary}</p>
<p>${prose(description, links)}</p>
${examples(operation)}
${parametersPart('path', 'Path', parameters, links)}
${parametersPart('query', 'Query', parameters, links)}
${parametersPart('header', 'Header', parameters, links)}
${body && html`<h4>Body</h4>\n${contentPart(body.content, links, 'Any object.')}`}
<h4>Reply</h4>
${contentPart(success(operation).content, links, 'Nothing.')}
<h4>Errors</h4>
${errorsPart(name)}
</article>
`;
}

function examples(operation: Operation): Html {
  const { status, content } = success(operation);
  const sent = operation.requestBody && jsonOf(operation.requestBody.content).example;
  const replied = jsonOf(content).example;
  if (sent === undefined && replied === undefined) return html``;
  const width = sent === undefined ? 90 : 54;
  return html`<div class="docs-pair">
${sent !== undefined && html`<figure><figcaption>You send</figcaption>${jsonBlock(sent, 54)}</figure>`}
${replied !== undefined && html`<figure><figcaption>The hub replies ${status}</figcaption>${jsonBlock(replied, width)}</figure>`}
</div>`;
}

/** The fields of what is JSON, and the media types of what is not. */
function contentPart(content: Record<string, { schema: JsonSchema }>, links: Links, nothing: string): Html {
  const files = Object.keys(content).filter((type) => type !== 'application/json');
  const isJson = content['application/json'] !== undefined || files.length === 0;
  return html`${isJson && fieldTable(jsonOf(content).schema, links, nothing)}
${files.length > 0 && html`<p class="docs-after">${isJson ? 'Or as ' : ''}${prose(files.map((type) => `\`${type}\``).join(', '), links)}.</p>`}`;
}

const jsonOf = (content: Record<string, { schema: JsonSchema; example?: unknown }>) =>
  content['application/json'] ?? { schema: {} };

function success(operation: Operation) {
  const found = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
  if (found === undefined || '$ref' in found[1]) throw new Error(`${operation.operationId}: no success`);
  return { status: found[0], content: found[1].content };
}

function parametersPart(
  where: Parameter['in'],
  title: string,
  parameters: readonly Parameter[],
  links: Links,
): Html | false {
  const chosen = parameters.filter((each) => each.in === where);
  if (chosen.length === 0) return false;
  const properties = Object.fromEntries(
    chosen.map(({ name, schema, description }) => [
      name,
      { ...schema, ...(description ? { description } : {}) },
    ]),
  );
  const required = chosen.filter((each) => each.required).map(({ name }) => name);
  return html`<h4>${title}</h4>\n${fieldTable({ type: 'object', required, properties }, links, '')}`;
}

function errorsPart(name: string): Html {
  const own = httpContracts().find((each) => each.name === name)?.errors ?? [];
  const common = html`<a href="#common-errors">the ${commonCodes('http').length} of every request</a>`;
  if (own.length === 0) return html`<p>None of its own, only ${common}.</p>`;
  return html`${errorTable(own, { status: true })}<p class="docs-after">And ${common}.</p>`;
}
