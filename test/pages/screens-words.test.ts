import { describe, expect, test } from 'vitest';
import type { Kiosk, KioskSeen } from '../../src/contracts.gen.ts';
import { Problem } from '../../src/pages/api.ts';
import {
  ago,
  codeFault,
  refusedWords,
  showsWords,
  standingOf,
  untilWords,
  writtenCode,
} from '../../src/pages/screens-words.ts';

const now = Date.parse('2027-03-14T18:00:00Z');
const seen = (agoMs: number, more: Partial<KioskSeen> = {}): KioskSeen => ({
  at: new Date(now - agoMs).toISOString(),
  connected: true,
  page: null,
  pages: null,
  epoch: null,
  position: null,
  version: null,
  screen: null,
  ...more,
});
const kiosk = (more: Partial<Kiosk>): Kiosk => ({
  id: 'kiosk',
  organizerId: 'organizer',
  venueId: 'venue',
  name: 'Foyer',
  pairedAt: '2027-03-01T00:00:00Z',
  claimedAt: '2027-03-01T00:00:00Z',
  tokenUntil: '2028-03-01T00:00:00Z',
  seen: null,
  ...more,
});

describe('a code', () => {
  test.each([
    ['k7qm', 'K7QM'],
    ['k7qmr', 'K7QM-R'],
    ['k7qm r4xz', 'K7QM-R4XZ'],
    [' K7QM-R4XZ\n', 'K7QM-R4XZ'],
    ['k7qmr4xz9', 'K7QM-R4XZ'],
  ])('%j is written %j', (typed, written) => expect(writtenCode(typed)).toBe(written));

  test.each([
    ['', 'Type the code'],
    ['K7QM', 'eight letters'],
    ['K7QM-R4XO', 'No code has'],
    ['k7qm r4xz', ''],
  ])('of %j it is said %j', (typed, words) => {
    if (words === '') expect(codeFault(typed)).toBe('');
    else expect(codeFault(typed)).toContain(words);
  });
});

test.each([
  [-5000, 'now'],
  [59_000, 'now'],
  [61_000, '1 min ago'],
  [3_540_000, '59 min ago'],
  [3_600_000, '1 h ago'],
  [47 * 3_600_000, '47 h ago'],
  [48 * 3_600_000, '2 days ago'],
])('%d ms are %s', (ms, words) => expect(ago(new Date(now - ms).toISOString(), now)).toBe(words));

test.each([
  [{ seen: seen(20_000) }, 'live', 'heard now'],
  [{ seen: seen(20_000, { connected: false }) }, 'silent', 'heard a moment ago'],
  [{ seen: seen(180_000, { connected: false }) }, 'silent', 'heard 3 min ago'],
  [{ claimedAt: null }, 'never', 'never heard of'],
  [{ venueId: null, seen: seen(20_000) }, 'homeless', 'heard now'],
])('a screen that is %j is %s', (more, state, heard) => {
  expect(standingOf(kiosk(more), now)).toMatchObject({ state, heard });
});

test('what a screen shows is said as far as it is known', () => {
  expect(showsWords(kiosk({}))).toEqual({ page: '–', device: '' });
  expect(showsWords(kiosk({ seen: seen(0) }))).toEqual({ page: 'Its board', device: '' });
  const told = seen(0, { page: 1, pages: 3, screen: '1920x1080', version: '0.1.0' });
  expect(showsWords(kiosk({ seen: told }))).toEqual({ page: 'Page 2 of 3', device: '1920 × 1080 · v0.1.0' });
});

test('whoever tries too many codes is told how long to wait', () => {
  const refused = (details: object) => refusedWords(new Problem(429, { code: 'rate-limited', ...details }));
  expect(refused({ details: { retryAfterMs: 39_500 } })).toContain('in 40 seconds');
  expect(refused({})).toContain('in a second');
});

test('an announcement ends at a time of the venue’s own clock', () => {
  const until = (instant: string) =>
    untilWords({ until: instant } as Parameters<typeof untilWords>[0], 'Europe/Brussels', now);
  expect(until('2027-03-14T21:00:00Z')).toBe('until 22:00');
  expect(until('2027-03-14T23:30:00Z')).toMatch(/^until Mon,? 15 Mar, 00:30$/);
});
