import { expect, test } from 'vitest';
import { checkAtomicity } from './atomicity.ts';
import { checkBounds } from './bounds.ts';
import { checkConservation } from './conservation.ts';
import type { Check } from './evidence.ts';
import { checkOverlap } from './overlap.ts';
import { checkRealTime } from './real-time.ts';
import { checkSense } from './sense.ts';
import { checkSets } from './sets.ts';
import { Story } from './story.ts';
import { checkViewerFold } from './viewer-fold.ts';

const found = (check: Check, story: Story) => check(story.evidence).map(({ sentence }) => sentence);

/** Somebody books two seats and cancels them, somebody else books one of them. */
const good = () =>
  new Story('fs')
    .held('a', 'h1', [0, 1], [10, 20])
    .booked('a', 'h1', [0, 1], [30, 40])
    .cancelled('a', 'h1', [0, 1], [50, 60])
    .held('b', 'h2', [1], [70, 80])
    .booked('b', 'h2', [1], [90, 100])
    .stored('h1', [0, 1], {
      status: 'cancelled',
      createdAt: 1000,
      cancelledAt: new Map([
        [0, 2000],
        [1, 2000],
      ]),
    })
    .stored('h2', [1], { createdAt: 3000 });

test('a good history passes every check', () => {
  const story = good().saw('v1', 1, 'hh').saw('v1', 2, 'ss').saw('v2', 2, 'ss').saw('v1', 3, 'fs');
  story.rest.viewers = [{ viewer: 'v1', epoch: 'e1', seats: 'fs', fresh: true }];
  for (const check of [
    checkSets,
    checkOverlap,
    checkAtomicity,
    checkRealTime,
    checkViewerFold,
    checkBounds,
    checkConservation,
  ]) {
    expect(found(check, story)).toEqual([]);
  }
});

test('C1: told "booked", and there is nothing', () => {
  expect(found(checkSets, new Story('f').booked('a', 'h1', [0], [1, 2]))).toEqual([
    'hold h1 was booked, and there is no booking: lost',
  ]);
});

test('C1: told "no", and there is a booking', () => {
  const story = new Story('s').refused('a', 'h1', [0], [1, 2]).stored('h1', [0]);
  expect(found(checkSets, story)).toEqual(['hold h1 was refused, and there is a booking: a phantom']);
});

test('C1: one hold with two answers, or two bookings', () => {
  const both = new Story('s')
    .booked('a', 'h1', [0], [1, 2])
    .refused('a', 'h1', [0], [3, 4])
    .stored('h1', [0]);
  expect(found(checkSets, both)).toContain('hold h1 was answered both yes and no');
  const two = new Story('s')
    .booked('a', 'h1', [0], [1, 2])
    .booked('a', 'h1', [0], [3, 4], 'another')
    .stored('h1', [0]);
  expect(found(checkSets, two)).toContain('hold h1 was answered with 2 different bookings');
  const rows = new Story('s').stored('h1', [0]).stored('h1', [0], { id: 'another' });
  expect(found(checkSets, rows)).toEqual(['hold h1 has 2 bookings']);
});

test('C1: what nobody heard of may be booked or not', () => {
  const asked = { holdId: 'h1', seats: [0] };
  expect(found(checkSets, new Story('s').unheard('a', 'confirm', [1, 2], asked).stored('h1', [0]))).toEqual(
    [],
  );
  expect(found(checkSets, new Story('f').unheard('a', 'confirm', [1, 2], asked))).toEqual([]);
});

test('C1: a cancellation that did not last', () => {
  const story = new Story('s').cancelled('a', 'h1', [0], [1, 2]).stored('h1', [0]);
  expect(found(checkSets, story)).toEqual(['seats 0 of booking of-h1 were cancelled, and are not']);
});

test('C2: one seat told to two', () => {
  const story = new Story('s').booked('a', 'h1', [0], [10, 20]).booked('b', 'h2', [0], [30, 40]);
  expect(found(checkOverlap, story)).toEqual(['seat 0 belonged to of-h1 and of-h2 at once: sold twice']);
});

test('C2: one seat with two bookings in PostgreSQL', () => {
  const story = new Story('s').stored('h1', [0], { createdAt: 1000 }).stored('h2', [0], { createdAt: 2000 });
  expect(found(checkOverlap, story)).toHaveLength(1);
});

test('C4: seats without a booking, a booking without seats or outcome, half cancelled, wrongly added up', () => {
  const story = new Story('ss')
    .stored('h1', [0, 1], { active: [0] })
    .stored('h5', [0, 1], { status: 'cancelled', active: [0] })
    .stored('h2', [])
    .stored('h3', [2], { linesCents: 1 });
  story.rest.orphans = [3];
  story.rest.outcomes = story.rest.outcomes.filter(({ holdId }) => holdId !== 'h3');
  story.rest.outcomes.push({ holdId: 'h4', outcome: 'booked' });
  expect(found(checkAtomicity, story)).toEqual([
    'seat 3 is booked without a booking',
    'booking of-h1 has lost seats that nobody cancelled: it has 0 of 0,1',
    'booking of-h5 is cancelled, and 1 of 2 seats are active',
    'booking of-h2 has no seats',
    'booking of-h2 is confirmed, and 0 of 0 seats are active',
    'booking of-h3 costs 2500, its lines 1',
    'booking of-h3 has no outcome that says "booked"',
    'hold h4 is stored as booked, without a booking',
  ]);
});

test('C4: a booking of other seats than were held, and a hold of fewer than were asked for', () => {
  const story = new Story('ss').booked('a', 'h1', [0], [1, 2]).stored('h1', [0, 1]);
  expect(found(checkAtomicity, story)).toHaveLength(2);
  const value = { holdId: 'h2', seats: [0], expiresAt: 9 };
  expect(
    found(checkAtomicity, new Story('ff').tell('a', 'hold', 'ok', [1, 2], { seats: [0, 1], value })),
  ).toHaveLength(1);
});

test('C5: a hold of a seat that had been sold before it was asked for', () => {
  const story = () => new Story('s').held('x', 'h0', [1], [1, 2]).booked('a', 'h1', [0], [10, 20]);
  expect(found(checkRealTime, story().held('b', 'h2', [0], [30, 40]))).toHaveLength(1);
  const later = { holdId: 'h2', seats: [0], expiresAt: 90, epoch: 'e2' };
  expect(
    found(checkRealTime, story().tell('b', 'hold', 'ok', [30, 40], { seats: [0], value: later })),
  ).toEqual([]);
  expect(
    found(checkRealTime, story().cancelled('a', 'h1', [0], [22, 25]).held('b', 'h2', [0], [30, 40])),
  ).toEqual([]);
});

test('C5: a list that misses what was booked before it, or shows what was cancelled', () => {
  const booked = new Story('s').booked('a', 'h1', [0], [10, 20]);
  expect(
    found(checkRealTime, booked.tell('a', 'list', 'ok', [30, 40], { value: { bookings: [] } })),
  ).toHaveLength(1);
  const bookings = [{ id: 'of-h1', holdId: 'h1', status: 'confirmed' }];
  const cancelled = new Story('f').cancelled('a', 'h1', [0], [10, 20]);
  expect(
    found(checkRealTime, cancelled.tell('a', 'list', 'ok', [30, 40], { value: { bookings } })),
  ).toHaveLength(1);
});

test('C6: going back, two maps at one position, and a map that the log does not lead to', () => {
  expect(found(checkViewerFold, new Story('f').saw('v1', 2, 'h').saw('v1', 1, 'f'))).toEqual([
    'v1 went back from 2 to 1 of e1',
  ]);
  expect(found(checkViewerFold, new Story('f').saw('v1', 2, 'h').saw('v2', 2, 'f'))).toHaveLength(1);
  const story = new Story('f').saw('v1', 1, 'hf').saw('v1', 3, 'hs');
  story.rest.log = [
    { from: 2, to: 2, changes: new Map([[0, 'f']]) },
    { from: 3, to: 3, changes: new Map([[1, 's']]) },
  ];
  expect(found(checkViewerFold, story)).toEqual([
    'v1 at e1:3 does not see what the log leads to: seat 0 is h, not f',
  ]);
});

test('C10: no answer, though the node was alive; none in time after the fault', () => {
  const asked = { holdId: 'h1', seats: [0] };
  expect(found(checkBounds, new Story('f').unheard('a', 'hold', [10, 10_010], {}))).toHaveLength(1);
  const stopped = new Story('f', { faultAt: 5, healedAt: 20_000, silentNodes: [0] });
  expect(found(checkBounds, stopped.unheard('a', 'hold', [10, 10_010], {}))).toEqual([]);
  const late = new Story('s', { healedAt: 100 })
    .unheard('a', 'confirm', [10, 20], { ...asked, error: 'booking-pending' })
    .booked('a', 'h1', [0], [16_000, 16_100]);
  expect(found(checkBounds, late)).toEqual(['the confirm of hold h1 got no definite answer within 15 s']);
});

test('C9: an answer that nobody can make sense of', () => {
  const story = (error: string) => new Story('f').unheard('a', 'cancel', [1, 2], { seats: [0], error });
  expect(found(checkSense, story('internal'))).toEqual(['cancel was answered internal']);
  expect(found(checkSense, story('try-later'))).toEqual([]);
});

test('C11: Redis, PostgreSQL and the viewers disagree, something is stuck, a map is stale', () => {
  const story = new Story('sfh').stored('h1', [1]);
  story.rest.redis.holds = ['h9'];
  story.rest.viewers = [{ viewer: 'v1', epoch: 'e1', seats: 'sff', fresh: false }];
  expect(found(checkConservation, story)).toEqual([
    'stuck: Redis still has 1 holds (h9)',
    'Redis does not show what PostgreSQL has: seat 0 is s, not f; seat 1 is f, not s; seat 2 is h, not f',
    'v1 still has a stale map',
    'v1 does not see what Redis has: seat 2 is f, not h',
  ]);
});
