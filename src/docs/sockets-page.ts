/** The page `/docs/sockets`: how to talk to the hub, and every message of the socket. */
import type { AskContract, Contract, TellContract } from '../contracts.ts';
import { socketContracts } from './async-api.ts';
import { examplesOf } from './examples.ts';
import { type Html, type HtmlValue, html, jsonBlock, prose } from './html.ts';
import { docsPage, heading, type MenuGroup } from './layout.ts';
import { channels, commonCodes, type DocsOptions, docsPaths, roomsOf, usedTypes } from './schema.ts';
import { guide, guideMenu } from './sockets-guide.ts';
import {
  disconnectTable,
  errorCatalogue,
  errorTable,
  fieldTable,
  linksFrom,
  typeSections,
} from './tables.ts';

export function socketsPage(options: DocsOptions): string {
  const contracts = socketContracts();
  const asks = contracts.filter((each) => each.kind === 'ask');
  const schemas = contracts.flatMap((each) =>
    each.kind === 'tell' ? [each.data] : [each.request, each.reply],
  );
  const links = linksFrom(docsPaths.sockets, (each) => each.kind === 'tell' || each.socket);
  return docsPage({
    title: 'Sockets',
    description: 'Every message of the Seatcast socket, with its fields, its answer and its errors.',
    path: docsPaths.sockets,
    machine: { href: docsPaths.asyncApi, label: 'AsyncAPI 3' },
    version: options.version,
    menu: menu(contracts),
    body: html`${guide(options, links)}
${[...channels(contracts)].map(([name, members]) => channel(name, members, links))}
${typeSections(usedTypes([...schemas, { $ref: 'Error' }]), links)}
${errorCatalogue('socket', asks)}
${heading(2, 'disconnects', 'Disconnects')}
<p>You are out; may you come back? Told by ${prose('`server:disconnected`', links)} right before the connection closes, or, when it never came about, as the <code>data</code> of <code>connect_error</code>.</p>
<p>Come back <b>now</b>: at once, on any node. <b>later</b>: after a pause. <b>new-token</b>: sign in first. <b>never</b>: fix the client first.</p>
${disconnectTable()}`,
  });
}

function menu(contracts: readonly Contract[]): MenuGroup[] {
  const groups = [...channels(contracts)].map(([name, members]) => ({
    href: `#${name}`,
    label: name,
    entries: members.map((each) => ({
      href: `#${each.name}`,
      label: each.name,
      code: true as const,
      ...(each.kind === 'tell' ? { mark: 'tell' } : {}),
    })),
  }));
  const reference = [
    { href: '#types', label: 'Shared types', entries: [] },
    { href: '#errors', label: 'Errors', entries: [] },
    { href: '#disconnects', label: 'Disconnects', entries: [] },
  ];
  return [...guideMenu, ...groups, ...reference];
}

function channel(name: string, members: readonly Contract[], links: ReadonlyMap<string, string>): Html {
  return html`${heading(2, name, name)}
${members.map((each) => (each.kind === 'ask' ? ask(each, links) : tell(each, links)))}`;
}

function message(contract: Contract, badges: HtmlValue, links: ReadonlyMap<string, string>, rest: HtmlValue) {
  const { name, kind, title, description } = contract;
  return html`<article class="docs-message">
${heading(3, name, html`<code>${name}</code>`)}
<p class="docs-badges"><span class="docs-mark docs-mark-${kind}">${kind}</span>${badges}</p>
<p class="docs-title">${title}</p>
<p>${prose(description, links)}</p>
${rest}
</article>
`;
}

function ask(contract: AskContract, links: ReadonlyMap<string, string>): Html {
  const examples = examplesOf(contract);
  const common = html`<a href="#common-errors">the ${commonCodes('socket').length} of every message</a>`;
  const errorPart =
    contract.errors.length === 0
      ? html`<p>None of its own, only ${common}.</p>`
      : html`${errorTable(contract.errors, { status: false })}<p class="docs-after">And ${common}.</p>`;
  return message(
    contract,
    html`<span>costs ${contract.cost}</span>`,
    links,
    html`<div class="docs-pair">
<figure><figcaption>You ask</figcaption>${jsonBlock(examples.request, 54)}</figure>
<figure><figcaption>The hub replies</figcaption>${jsonBlock({ ok: true, data: examples.reply }, 54)}</figure>
</div>
<h4>Request</h4>
${fieldTable(contract.request, links, 'Nothing: send an empty object.')}
<h4>Reply</h4>
${fieldTable(contract.reply, links, 'Nothing.')}
<h4>Errors</h4>
${errorPart}`,
  );
}

function tell(contract: TellContract, links: ReadonlyMap<string, string>): Html {
  return message(
    contract,
    html`<span>room: ${contract.rooms.join(', ')}</span>`,
    links,
    html`<p>${prose(roomsOf(contract), links)}</p>
<div class="docs-pair"><figure><figcaption>The hub tells</figcaption>${jsonBlock(examplesOf(contract).data, 60)}</figure></div>
<h4>Data</h4>
${fieldTable(contract.data, links, 'Nothing.')}`,
  );
}
