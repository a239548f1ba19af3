/** The sales page of organizers: what was sold, when, where, and how much is left. */
import { SeatcastClient } from '../client/client.ts';
import type {
  AnalyticsBuyersReply,
  AnalyticsCategoriesReply,
  AnalyticsEventsReply,
  AnalyticsSummaryReply,
  AnalyticsTrendReply,
  AnalyticsUtilisationReply,
} from '../contracts.gen.ts';
import { Problem } from './api.ts';
import { Bell } from './bell.ts';
import { byId, el, fill, icon } from './dom.ts';
import { followSession } from './follow-session.ts';
import { money, number, ownZone } from './format.ts';
import { ownApi } from './own-api.ts';
import {
  bestBuyers,
  categories,
  conversion,
  fullness,
  panel,
  type Totals,
  tiles,
  topEvents,
} from './sales-cards.ts';
import { Session } from './session.ts';
import { askToSignIn, showAccount } from './sign-in.ts';
import { timeChart } from './time-chart.ts';

const periods = [
  { name: '7 days', days: 7 },
  { name: '30 days', days: 30 },
  { name: '90 days', days: 90 },
  { name: '1 year', days: 365 },
];
const dayMs = 86_400_000;
const session = new Session();
/** Only for the bell: sums do not move while one looks at them. */
const client = new SeatcastClient({ token: session.current?.token, newToken: () => session.renew() });
const board = byId('board', HTMLElement);
const timeZone = ownZone();

let days = 30;
let currency: string | undefined;
let measure: 'revenueCents' | 'bookings' = 'revenueCents';
/** Counts questions, so that a late answer to an earlier one is not shown. */
let asked = 0;

/** A day of the viewer's own clocks. */
const dayOf = (ms: number): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(ms);
const range = (endMs: number, length = days) =>
  `from=${dayOf(endMs - (length - 1) * dayMs)}&to=${dayOf(endMs)}&timeZone=${encodeURIComponent(timeZone)}`;

async function load(): Promise<void> {
  const turn = ++asked;
  segments();
  if (!session.current) {
    showSignIn();
    return;
  }
  const now = range(Date.now());
  const ask = <Reply>(path: string) => ownApi<Reply>(session, `/api/v1/analytics/${path}`);
  const zone = `timeZone=${encodeURIComponent(timeZone)}`;
  const [summary, before, trend, events, utilisation, byCategory, buyers] = await Promise.all([
    ask<AnalyticsSummaryReply>(`summary?${now}`),
    ask<AnalyticsSummaryReply>(`summary?${range(Date.now() - days * dayMs)}`),
    ask<AnalyticsTrendReply>(`trend?${now}&by=${days <= 7 ? 'hour' : 'day'}`),
    ask<AnalyticsEventsReply>(`events?${now}&sort=revenue&limit=50`),
    ask<AnalyticsUtilisationReply>(
      `utilisation?from=${dayOf(Date.now())}&to=${dayOf(Date.now() + 365 * dayMs)}&${zone}&limit=8`,
    ),
    ask<AnalyticsCategoriesReply>(`categories?${now}`),
    // The hub ranks buyers of a month at most.
    ask<AnalyticsBuyersReply>(`buyers?${range(Date.now(), Math.min(days, 30))}`),
  ]);
  if (turn !== asked) return;
  const known = summary.currencies.map((row) => row.currency);
  const shown = currency !== undefined && known.includes(currency) ? currency : (known[0] ?? 'EUR');
  currency = shown;
  showCurrencies(known);
  const totals = summary.currencies.find((row) => row.currency === shown) ?? noTotals(shown);
  fill(
    board,
    tiles(
      totals,
      before.currencies.find((row) => row.currency === shown),
    ),
    chartPanel(trend, shown),
    el('div', { class: 'pair' }, topEvents(events, shown), fullness(utilisation)),
    el(
      'div',
      { class: 'trio' },
      conversion(totals),
      categories(byCategory, shown),
      bestBuyers(buyers, shown),
    ),
  );
  board.dataset['loaded'] = 'true';
  const words = { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' } as const;
  const [from, to] = [summary.from, summary.to].map((day) =>
    new Date(day).toLocaleDateString('en-GB', words),
  );
  byId('period', HTMLElement).textContent = `${from} – ${to} · ${summary.events.onSale} on sale`;
}

function chartPanel(trend: AnalyticsTrendReply, shown: string): HTMLElement {
  const series = trend.currencies.find((row) => row.currency === shown);
  const values = series?.[measure] ?? trend.startsAt.map(() => 0);
  const isMoney = measure === 'revenueCents';
  const clock = trend.by === 'hour' ? ({ hour: '2-digit', minute: '2-digit' } as const) : {};
  const text = (at: string, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, ...options }).format(new Date(at));
  const chart = timeChart({
    label: `${isMoney ? 'Revenue' : 'Bookings'} by ${trend.by}`,
    values,
    names: trend.startsAt.map((at) =>
      text(at, { weekday: 'short', day: 'numeric', month: 'short', ...clock }),
    ),
    marks: trend.startsAt.map((at) => text(at, { day: 'numeric', month: 'short' })),
    format: (value) => (isMoney ? money(value, shown) : number(value)),
    short: (value) => (isMoney ? compactMoney(value, shown) : number(value)),
  });
  const choose = (['revenueCents', 'bookings'] as const).map((each) =>
    segment(each === 'bookings' ? 'Bookings' : 'Revenue', each === measure, () => {
      measure = each;
      void load().catch(failed);
    }),
  );
  const shell = panel('Over time', '', chart);
  shell
    .querySelector('header')
    ?.append(el('fieldset', { class: 'segments', 'aria-label': 'What is shown' }, ...choose));
  return shell;
}

const compactMoney = (cents: number, of: string): string =>
  new Intl.NumberFormat('en-GB', { style: 'currency', currency: of, notation: 'compact' }).format(
    cents / 100,
  );

const noTotals = (of: string): Totals => ({
  currency: of,
  bookings: 0,
  cancelledBookings: 0,
  seats: 0,
  cancelledSeats: 0,
  grossCents: 0,
  cancelledCents: 0,
  revenueCents: 0,
  cancellationRate: 0,
  holds: 0,
  converted: 0,
  conversionRate: null,
});

function segment(name: string, isChosen: boolean, choose: () => void): HTMLElement {
  const button = el('button', { type: 'button', 'aria-pressed': `${isChosen}` }, name);
  button.addEventListener('click', choose);
  return button;
}

function segments(): void {
  fill(
    byId('ranges', HTMLElement),
    ...periods.map((each) =>
      segment(each.name, each.days === days, () => {
        days = each.days;
        void load().catch(failed);
      }),
    ),
  );
}

function showCurrencies(known: string[]): void {
  const place = byId('currencies', HTMLElement);
  place.hidden = known.length < 2;
  fill(
    place,
    ...known.map((each) =>
      segment(each, each === currency, () => {
        currency = each;
        void load().catch(failed);
      }),
    ),
  );
}

function showSignIn(): void {
  const button = el('button', { class: 'button button-primary', type: 'button' }, 'Sign in');
  button.addEventListener('click', () => void askToSignIn(session, 'to see your sales'));
  fill(
    board,
    el('div', { class: 'card nothing' }, icon('lock'), el('p', {}, 'Sales are for organizers.'), button),
  );
}

function failed(error: unknown): void {
  // Whoever is signed in now has asked for something else.
  if (error instanceof Problem && error.code === 'signed-out') return;
  const again = el('button', { class: 'button', type: 'button' }, 'Try again');
  again.addEventListener('click', () => void load().catch(failed));
  const isOthers = error instanceof Problem && error.code === 'forbidden';
  const text = isOthers
    ? 'This account is not an organizer’s: there are no sales to show.'
    : error instanceof Problem
      ? error.message
      : 'Something went wrong.';
  fill(board, el('div', { class: 'card nothing' }, el('p', {}, text), !isOthers && again));
  if (!(error instanceof Problem)) throw error;
}

followSession(session, client);
showAccount(byId('account', HTMLElement), session);
new Bell(byId('bell-place', HTMLElement), session, client);
session.on('changed', () => void load().catch(failed));
load().catch(failed);
