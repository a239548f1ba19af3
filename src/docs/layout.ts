/** The frame of both pages: head, bar, contents and body. No script and nothing inline (CSP `'self'`). */
import { type Html, type HtmlValue, html } from './html.ts';
import { docsPaths } from './schema.ts';

export interface MenuEntry {
  readonly href: string;
  readonly label: string;
  /** Names of messages are set as code, the rest as text. */
  readonly code?: true;
  /** Said before the label: `GET`, or `tell`. */
  readonly mark?: string;
}
export interface MenuGroup {
  readonly href: string;
  readonly label: string;
  readonly entries: readonly MenuEntry[];
}

export interface Page {
  readonly title: string;
  readonly description: string;
  readonly path: typeof docsPaths.sockets | typeof docsPaths.http | '/docs';
  /** The same in a form for tools. */
  readonly machine: { readonly href: string; readonly label: string };
  readonly version: string;
  readonly menu: readonly MenuGroup[];
  readonly body: HtmlValue;
}

export function docsPage(page: Page): string {
  const here = (path: string) => (path === page.path ? html` aria-current="page"` : undefined);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<meta name="description" content="${page.description}">
<title>${page.title} · Seatcast</title>
<link rel="icon" href="/assets/pages/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${docsPaths.style}">
<link rel="stylesheet" href="${docsPaths.docsStyle}">
</head>
<body class="docs">
<a class="skip-link" href="#body">Skip to the text</a>
<header class="site-header docs-bar">
<a class="brand" href="/"><span class="brand-mark" aria-hidden="true"></span>Seatcast</a>
<nav class="site-nav" aria-label="Main">
<a class="docs-home" href="/">Events</a>
<a href="${docsPaths.sockets}"${here(docsPaths.sockets)}>Sockets</a>
<a href="${docsPaths.http}"${here(docsPaths.http)}>HTTP</a>
</nav>
<a class="docs-machine" href="${page.machine.href}">${page.machine.label}</a>
<span class="docs-version">v${page.version}</span>
</header>
<div class="docs-columns">
<nav class="docs-menu docs-menu-wide" aria-label="Contents">${page.menu.map(menuGroup)}</nav>
<main class="docs-body" id="body">
<details class="docs-menu docs-menu-narrow"><summary>Contents</summary><nav aria-label="Contents">${page.menu.map(menuGroup)}</nav></details>
${page.body}
</main>
</div>
</body>
</html>
`.text;
}

function menuGroup({ href, label, entries }: MenuGroup): Html {
  return html`<section><a class="docs-menu-title" href="${href}">${label}</a>
${entries.length > 0 && html`<ul>${entries.map(menuEntry)}</ul>`}</section>
`;
}

function menuEntry({ href, label, code, mark }: MenuEntry): Html {
  return html`<li><a href="${href}">${code ? html`<code>${label}</code>` : label}${
    mark && html` <small class="docs-mark docs-mark-${mark.toLowerCase()}">${mark}</small>`
  }</a></li>
`;
}

/** A heading that links to itself. */
export const heading = (level: 2 | 3, id: string, content: HtmlValue): Html =>
  level === 2
    ? html`<h2 id="${id}"><a href="#${id}">${content}</a></h2>`
    : html`<h3 id="${id}"><a href="#${id}">${content}</a></h3>`;
