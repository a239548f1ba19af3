/** The first part of the socket page: connecting, asking, trying again, limits, and reading the map. */
import { variables } from '../config.ts';
import { testCards } from '../payments/test-cards.ts';
import { changesExample, conversation, decoder, snapshotExamples, type Turn } from './guide.ts';
import { type Html, type HtmlValue, html, jsonBlock, prose } from './html.ts';
import { heading, type MenuGroup } from './layout.ts';
import { type DocsOptions, docsPaths, limits, socketUrl } from './schema.ts';
import { table } from './tables.ts';

export const guideMenu: readonly MenuGroup[] = [
  {
    href: '#start',
    label: 'Start here',
    entries: [
      { href: '#connect', label: 'Connect' },
      { href: '#ask', label: 'Ask and be answered' },
      { href: '#again', label: 'Trying again' },
      { href: '#limits', label: 'Limits' },
      { href: '#conversation', label: 'A conversation' },
      { href: '#pay', label: 'Paying' },
      { href: '#map', label: 'Reading the seat map' },
    ],
  },
];

type Links = ReadonlyMap<string, string>;

export function guide(options: DocsOptions, links: Links): Html {
  return html`<h1 id="start">Sockets</h1>
<p class="docs-lead">Live seat maps, timed holds and bookings, over one WebSocket. You ask and are answered; the hub tells you what changes.</p>
${connect(options, links)}
${ask(links)}
${again(links)}
${limitsPart(links)}
${conversationPart(links)}
${paying(links)}
${map(links)}`;
}

const code = (text: string) => html`<pre class="code"><code>${text}</code></pre>`;

const connect = (options: DocsOptions, links: Links) => html`${heading(2, 'connect', 'Connect')}
<p>With the stock Socket.IO client, version 4, by WebSocket only:</p>
${code(`import { io } from 'socket.io-client';

const socket = io('${socketUrl(options)}', {
  transports: ['websocket'],
  auth: { token },
});
socket.on('connect_error', (error) => console.log(error.data)); // { code, message, reconnect }
socket.on('server:disconnected', (why) => console.log(why));`)}
<p>The token is what ${prose('`auth:login`', links)} answers over <a href="${docsPaths.http}">HTTP</a>. It runs out after a while: go on with a newer one by ${prose('`auth:renew`', links)}, on the same connection. Without one you are anonymous: you may look, but not hold or book. When you are let go, or not let in, the <a href="#disconnects">reason</a> says whether to come back.</p>
<p>Browsers are let in from the hub’s own pages and the origins it is configured for.</p>
<p>Without a Socket.IO library: open <code>${socketUrl(options)}/socket.io/?EIO=4&amp;transport=websocket</code> and send these text frames. Answer each <code>2</code> (ping) with <code>3</code>.</p>
${code(`→ 40{"token":"eyJhbGciOi…"}
← 40{"sid":"…"}
→ 420["seats:watch",{"eventId":"01a3702b-…"}]
← 430[{"ok":true,"data":{…}}]
← 42["seats:changed",{…}]`)}`;

const ask = (links: Links) => html`${heading(2, 'ask', 'Ask and be answered')}
<p>Every ask takes one object and is answered by acknowledgement, done or refused:</p>
${code(`const answer = await socket.timeout(5000).emitWithAck('seats:hold', request);
if (answer.ok) show(answer.data.hold);
else explain(answer.error); // { code, message, retry, details? }`)}
<p>Listen to tells by their name: <code>socket.on('seats:changed', apply)</code>. Tells have no acknowledgement.</p>
<p>An ask that wants no acknowledgement is not done. Fields that a contract does not know are refused with ${prose('`invalid-request`', links)}, which names the field and what is allowed.</p>`;

const again = (links: Links) => html`${heading(2, 'again', 'Trying again')}
<p>Each error says in <code>retry</code> what to do:</p>
${table(
  [{ title: 'Retry', className: 'retry' }, { title: 'Do this' }],
  [
    [retry('never'), 'The same request fails again. Fix it, or give up.'],
    [retry('later'), 'Wait, then ask the same again, with the same request id.'],
    [retry('changed'), 'Look at the details and ask for something else.'],
  ],
)}
<p>A request with a <code>requestId</code> is done once. When an answer does not come (a lost connection, a stopped node), ask the same again under the same id, on any node: you are given the first answer. ${prose('`request-id-reused`', links)} says that the id belonged to another request. The hub remembers for 24 hours.</p>
<p>What follows a booking is told at least once, so it may be told again when a node has died: a tell that says what you know already is a repeat.</p>`;

const retry = (word: string) => html`<span class="docs-retry docs-retry-${word}">${word}</span>`;

function limitsPart(links: Links): Html {
  const perSecond = variables.MESSAGES_PER_SECOND.default;
  const perUser = variables.USER_MESSAGES_PER_SECOND.default;
  return html`${heading(2, 'limits', 'Limits')}
<ul>
<li>A message has at most ${limits.messageBytes / 1024} KB of JSON text, nested at most ${limits.depth} deep. A longer one closes the connection; binary is not taken.</li>
<li>The Socket.IO handshake must be done ${limits.connectMs / 1000} s after the connection opens.</li>
<li>Each ask has a cost. By default one connection may spend ${perSecond} a second and ${perSecond * 3} in a burst, one user on all connections and over HTTP ${perUser} a second. ${prose('`rate-limited`', links)} says after how many milliseconds to ask again. Who goes on regardless is disconnected (${prose('`flooding`', links)}).</li>
<li>One connection may watch only so many events: ${prose('`too-many-rooms`', links)}.</li>
<li>Who does not read what is sent gets no more ticks until they have caught up, and if they go on is disconnected (${prose('`too-slow`', links)}), and may come back for a fresh map.</li>
</ul>`;
}

const conversationPart = (links: Links) => html`${heading(2, 'conversation', 'A conversation')}
<ol class="docs-talk">
${conversation.map((turn) => turnPart(turn, links))}</ol>`;

function turnPart(turn: Turn, links: Links): Html {
  const { who, side, name, value } = shown(turn);
  return html`<li class="docs-turn docs-turn-${side}">
<div>
<p class="docs-who">${who}</p>
<p class="docs-what">${prose(`\`${name}\``, links)}</p>
<p>${prose(turn.note, links)}</p>
</div>
${jsonBlock(value, 66)}
</li>
`;
}

function shown(turn: Turn): { who: string; side: string; name: string; value: unknown } {
  if ('ask' in turn) return { who: 'You ask', side: 'ask', name: turn.ask, value: turn.data };
  if ('tell' in turn) return { who: 'The hub tells', side: 'tell', name: turn.tell, value: turn.data };
  if ('reply' in turn)
    return { who: 'The hub replies', side: 'reply', name: turn.reply, value: { ok: true, data: turn.data } };
  const value = { ok: false, error: turn.error };
  return { who: 'The hub refuses', side: 'refusal', name: turn.refusal, value };
}

const paying = (links: Links) => html`${heading(2, 'pay', 'Paying')}
<p>Where the event’s rule <code>payment</code> is <code>online</code>, what costs money is booked only once its payment is authorised:</p>
<ol>
<li>${prose('`bookings:checkout`', links)} with the hold gives it its time to pay, once, and asks the payment provider. From then on its seats cannot be changed.</li>
<li>${prose('`payment-declined`', links)}: ask again with another <code>method</code>; the hold goes on. ${prose('`payment-unavailable`', links)}: the provider is away, and the hold keeps its time.</li>
<li>A payment that is <code>pending</code> waits for the buyer, if it comes with an <code>action</code>, or for the bank. ${prose('`bookings:paid`', links)} tells when it is decided.</li>
<li>Once it is <code>authorised</code>, ${prose('`bookings:confirm`', links)} books. Do not hurry: a few seconds later the hub books by itself, for those who have gone.</li>
<li>The money is taken after the seats are booked. If they cannot be booked any more it is let go of; if the booking is cancelled it goes back.</li>
</ol>
<p>With the simulated provider the number of a test card is the <code>method</code>. A colon and a number after it change its milliseconds or times: <code>4000000000020006:300</code>.</p>
${table(
  [{ title: 'Card', className: 'name' }, { title: 'What happens' }],
  testCards.map(({ number, about }): HtmlValue[] => [html`<code>${number}</code>`, about]),
)}`;

const map = (links: Links) => html`${heading(2, 'map', 'Reading the seat map')}
<p>A seat is its index in the plan, from 0. A state is a letter: <code>f</code> free, <code>h</code> held, <code>s</code> sold, <code>b</code> blocked. Numbers inside these texts are in base 36, as <code>parseInt(text, 36)</code> reads them.</p>
<h3 id="map-snapshot"><a href="#map-snapshot">A snapshot</a></h3>
<p>All seats at once, in whichever of two encodings is shorter. <b>runs</b>: a letter and how many seats in a row are so. <b>bits</b>: base64 of two bits a seat, seat 0 in the lowest bits of the first byte, f = 0, h = 1, s = 2, b = 3.</p>
${table(
  [
    { title: 'Snapshot', className: 'wide-code' },
    { title: 'Step by step' },
    { title: 'Seats from 0', className: 'wide-code' },
  ],
  snapshotExamples.map(({ snapshot, steps, letters }) => [
    jsonBlock(snapshot, 30),
    prose(steps),
    html`<code>${shortened(letters)}</code>`,
  ]),
)}
<h3 id="map-changes"><a href="#map-changes">Changes</a></h3>
<p>Seats grouped by their new state: groups joined by <code>;</code>, each a letter and then ascending seats joined by <code>.</code>, the first as it is, the others as the distance from the one before. States are absolute, so applying a change twice does no harm.</p>
<p><code>${changesExample.text}</code> reads:</p>
${table(
  [{ title: 'Group', className: 'name' }, { title: 'State' }, { title: 'Step by step' }, { title: 'Seats' }],
  changesExample.groups.map(({ group, state, steps, seats }): HtmlValue[] => [
    html`<code>${group}</code>`,
    state,
    prose(steps),
    seats.join(', '),
  ]),
)}
<h3 id="map-order"><a href="#map-order">In which order</a></h3>
<ol>
<li>Ask ${prose('`seats:watch`', links)}. Keep each ${prose('`seats:changed`', links)} that comes before the answer.</li>
<li>Take over the snapshot and its <code>epoch</code> and <code>position</code>.</li>
<li>For every change, kept or new: <code>to</code> at or below your position, ignore it. <code>from</code> at most your position + 1, apply it; your position is now <code>to</code>.</li>
<li>A later <code>from</code> or another <code>epoch</code>: you missed something. Ask again with <code>since</code>. So too when ${prose('`seats:position`', links)} names a position above yours.</li>
<li>Who fell behind may be sent ${prose('`seats:snapshot`', links)}: take it over as in step 2.</li>
</ol>
<h3 id="map-decoder"><a href="#map-decoder">A decoder</a></h3>
${code(decoder)}`;

/** "fffffhhffff…": the tail of a long map says nothing new. */
const shortened = (letters: string) => (letters.length <= 16 ? letters : `${letters.slice(0, 14)}…`);
