/** The cards of the sales page, from what the hub answers. */
import type {
  AnalyticsBuyersReply,
  AnalyticsCategoriesReply,
  AnalyticsEventsReply,
  AnalyticsSummaryReply,
  AnalyticsUtilisationReply,
} from '../contracts.gen.ts';
import { type Child, el } from './dom.ts';
import { eventDay, money, number, plural } from './format.ts';

export type Totals = AnalyticsSummaryReply['currencies'][number];

export const percent = (share: number): string =>
  new Intl.NumberFormat('en-GB', { style: 'percent', maximumFractionDigits: share < 0.1 ? 1 : 0 }).format(
    share,
  );

export const panel = (title: string, note: string, ...children: Child[]): HTMLElement =>
  el(
    'section',
    { class: 'card panel' },
    el('header', {}, el('h2', {}, title), el('span', { class: 'panel-note' }, note)),
    ...children,
  );

/** A bar whose length is a share of the whole. */
function bar(share: number, kind = ''): HTMLElement {
  const filled = el('span', { class: 'bar-fill', 'data-kind': kind });
  filled.style.width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return el('span', { class: 'bar', 'aria-hidden': 'true' }, filled);
}

/** How a number compares with that of the time before. */
function change(now: number, before: number, lessIsBetter = false): Child {
  if (before === 0) return el('span', { class: 'change' }, now === 0 ? 'as before' : 'new');
  const by = (now - before) / before;
  const kind = Math.abs(by) < 0.005 ? '' : by > 0 !== lessIsBetter ? 'good' : 'bad';
  // Of almost nothing before, a percentage says little.
  if (by >= 9.995)
    return el('span', { class: 'change', 'data-kind': kind }, `▲ ${number(Math.round(by + 1))}×`);
  const sign = by > 0 ? '▲' : by < 0 ? '▼' : '';
  return el('span', { class: 'change', 'data-kind': kind }, `${sign} ${percent(Math.abs(by))}`.trim());
}

const tile = (name: string, value: string, ...more: Child[]): HTMLElement =>
  el(
    'div',
    { class: 'card tile' },
    el('span', { class: 'tile-name' }, name),
    el('strong', {}, value),
    ...more,
  );

/** @param before the same of as long a time before */
export function tiles(now: Totals, before: Totals | undefined): HTMLElement {
  const kept = now.seats - now.cancelledSeats;
  const keptBefore = before ? before.seats - before.cancelledSeats : 0;
  return el(
    'div',
    { class: 'tiles' },
    tile(
      'Revenue',
      money(now.revenueCents, now.currency),
      change(now.revenueCents, before?.revenueCents ?? 0),
    ),
    tile('Seats sold', number(kept), change(kept, keptBefore)),
    tile('Bookings', number(now.bookings), change(now.bookings, before?.bookings ?? 0)),
    tile(
      'Cancelled',
      percent(now.cancellationRate),
      before && before.seats > 0
        ? change(now.cancellationRate, before.cancellationRate, true)
        : el('span', { class: 'change' }, plural(now.cancelledSeats, 'seat')),
    ),
  );
}

export function conversion({ holds, converted, conversionRate }: Totals): HTMLElement {
  const rate = conversionRate ?? 0;
  const step = (name: string, count: number, share: number) =>
    el(
      'li',
      {},
      el('span', {}, name),
      el('b', {}, number(count)),
      bar(share, name === 'Held' ? 'quiet' : ''),
    );
  return panel(
    'From hold to booking',
    holds > 0 ? `${percent(1 - rate)} not booked` : 'no holds',
    el('p', { class: 'big' }, holds > 0 ? percent(rate) : '–'),
    el('ul', { class: 'funnel' }, step('Held', holds, holds > 0 ? 1 : 0), step('Booked', converted, rate)),
  );
}

export function fullness(reply: AnalyticsUtilisationReply): HTMLElement {
  const rows = reply.list.map((row) => {
    const { day, month } = eventDay(row.startsAt, reply.timeZone);
    const kind = row.utilisation >= 0.9 ? 'good' : row.utilisation < 0.25 ? 'warn' : '';
    return el(
      'li',
      {},
      el('a', { href: `/events/${row.eventId}` }, row.title),
      el('span', { class: 'muted' }, `${day} ${month} · ${number(row.soldSeats)} of ${number(row.capacity)}`),
      el('b', {}, percent(row.utilisation)),
      bar(row.utilisation, kind),
    );
  });
  return panel(
    'How full events are',
    `${percent(reply.utilisation)} of ${number(reply.capacity)} seats`,
    rows.length > 0 ? el('ul', { class: 'bars' }, ...rows) : nothing('No event is coming up.'),
  );
}

export function topEvents(reply: AnalyticsEventsReply, currency: string): HTMLElement {
  const events = reply.events.filter((row) => row.currency === currency).slice(0, 8);
  const most = Math.max(...events.map((row) => row.revenueCents), 1);
  const rows = events.map((row) =>
    el(
      'li',
      {},
      el('a', { href: `/events/${row.eventId}` }, row.title),
      el('span', { class: 'muted' }, plural(row.seats - row.cancelledSeats, 'seat')),
      el('b', {}, money(row.revenueCents, currency)),
      bar(row.revenueCents / most),
    ),
  );
  return panel(
    'Top events',
    'by revenue',
    rows.length > 0 ? el('ul', { class: 'bars' }, ...rows) : nothing('Nothing was sold.'),
  );
}

export function categories(reply: AnalyticsCategoriesReply, currency: string): HTMLElement {
  const found = reply.categories.filter((row) => row.currency === currency).slice(0, 8);
  const all = found.reduce((sum, row) => sum + row.revenueCents, 0);
  const rows = found.map((row) =>
    el(
      'li',
      {},
      el('span', { class: 'name' }, row.category),
      el('span', { class: 'muted' }, percent(all > 0 ? row.revenueCents / all : 0)),
      el('b', {}, money(row.revenueCents, currency)),
      bar(all > 0 ? row.revenueCents / all : 0),
    ),
  );
  return panel(
    'Revenue by category',
    plural(found.length, 'category').replace('categorys', 'categories'),
    rows.length > 0 ? el('ul', { class: 'bars' }, ...rows) : nothing('Nothing was sold.'),
  );
}

export function bestBuyers(reply: AnalyticsBuyersReply, currency: string): HTMLElement {
  const rows = reply.buyers
    .filter((row) => row.currency === currency)
    .slice(0, 6)
    .map((row) =>
      el(
        'li',
        {},
        el('span', { class: 'avatar', 'aria-hidden': 'true' }, row.name.trim().charAt(0).toUpperCase()),
        el('span', { class: 'name', title: row.email }, row.name),
        el('span', { class: 'muted' }, plural(row.seats - row.cancelledSeats, 'seat')),
        el('b', {}, money(row.revenueCents, currency)),
      ),
    );
  return panel(
    'Best buyers',
    `since ${reply.from.split('-').reverse().join('.')}`,
    rows.length > 0 ? el('ul', { class: 'people' }, ...rows) : nothing('Nobody has bought yet.'),
  );
}

const nothing = (text: string): HTMLElement => el('p', { class: 'muted empty' }, text);
