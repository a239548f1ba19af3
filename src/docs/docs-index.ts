/** The page `/docs`: which of the two references to read. */
import { html } from './html.ts';
import { docsPage } from './layout.ts';
import { docsPaths } from './schema.ts';

export const docsIndex = (version: string): string =>
  docsPage({
    title: 'API',
    description: 'The two ways to talk to the hub.',
    path: '/docs',
    machine: { href: docsPaths.openApi, label: 'OpenAPI 3.1' },
    version,
    menu: [],
    body: html`<h1>API</h1>
<p class="docs-lead">Two ways to the same events, holds and bookings, by the same contracts and access rules.</p>
<ul>
<li><a href="${docsPaths.http}">HTTP</a>: a request and its answer, for servers, scripts and whoever asks now and then. As a document: <a href="${docsPaths.openApi}">OpenAPI 3.1</a>.</li>
<li><a href="${docsPaths.sockets}">Sockets</a>: the same, and changes as they happen, for seat maps that live. As a document: <a href="/asyncapi.json">AsyncAPI 3</a>.</li>
</ul>`,
  });
