/** Screens in words: their codes, how they are, and why the hub refused something. */
import type { Announcement, Kiosk, Venue } from '../contracts.gen.ts';
import type { Problem } from './api.ts';
import { momentText } from './kiosk-words.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** A screen speaks every half a minute, and what it says is written down a little later. */
const nowMs = 60_000;

/** The letters and digits of what somebody typed, at most as many as a code has. */
export const codeLetters = (typed: string): string =>
  typed
    .toUpperCase()
    .replace(/[^0-9A-Z]/g, '')
    .slice(0, 8);

/** "k7qm r4xz" → "K7QM-R4XZ"; what is not complete yet, as far as it goes. */
export function writtenCode(typed: string): string {
  const letters = codeLetters(typed);
  return letters.length > 4 ? `${letters.slice(0, 4)}-${letters.slice(4)}` : letters;
}

/** What is wrong with a code, as far as it can be told without asking; "" if nothing. */
export function codeFault(typed: string): string {
  const letters = codeLetters(typed);
  if (letters.length === 0) return 'Type the code that the screen shows.';
  if (letters.length < 8) return 'A code has eight letters and digits, such as K7QM-R4XZ.';
  return /[01ILOUV]/.test(letters)
    ? 'No code has a 0 or O, a 1, I or L, a U or V in it. Look at the screen once more.'
    : '';
}

export interface Standing {
  state: 'live' | 'silent' | 'never' | 'homeless';
  text: string;
  kind: 'good' | 'warn' | 'bad';
  /** When it was last heard of. */
  heard: string;
}

/** How a screen is. @param now on the hub's clock */
export function standingOf({ seen, venueId, claimedAt }: Kiosk, now: number): Standing {
  const last = seen ? ago(seen.at, now) : '';
  // Of one that is gone, "now" would be a contradiction.
  const moment = last === 'now' && !seen?.connected ? 'a moment ago' : last;
  const heard = seen ? `heard ${moment}` : 'never heard of';
  if (venueId === null) return { state: 'homeless', text: 'Needs a venue', kind: 'warn', heard };
  if (!seen) {
    const text = claimedAt === null ? 'Not started' : 'Starting';
    return { state: 'never', text, kind: 'warn', heard };
  }
  return seen.connected
    ? { state: 'live', text: 'Live', kind: 'good', heard }
    : { state: 'silent', text: 'Silent', kind: 'bad', heard };
}

/** "now", "3 min ago", "5 h ago", "12 days ago". */
export function ago(instant: string, now: number): string {
  const ms = now - Date.parse(instant);
  if (ms < nowMs) return 'now';
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min ago`;
  return ms < 48 * hourMs ? `${Math.floor(ms / hourMs)} h ago` : `${Math.floor(ms / (24 * hourMs))} days ago`;
}

/** "Page 1 of 2", and below it "1920 × 1080 · v0.1.0"; as much of it as the screen has said. */
export function showsWords({ seen }: Kiosk): { page: string; device: string } {
  if (!seen) return { page: '–', device: '' };
  const { connected, page, pages, screen, version } = seen;
  const of = pages !== null && pages > 1 ? ` of ${pages}` : '';
  return {
    page: page === null ? (connected ? 'Its board' : '–') : `Page ${page + 1}${of}`,
    device: [screen?.replace('x', ' × '), version && `v${version}`].filter(Boolean).join(' · '),
  };
}

/** How long an announcement is shown, on the clock of its venue: "until 22:00", or "until Sun 14 Mar, 22:00". */
export function untilWords({ until }: Announcement, timeZone: string, now: number): string {
  return `until ${momentText(Date.parse(until), timeZone, now)}`;
}

/** Venues of one name are told apart by their cities. */
export const venueWords = ({ name, address }: Venue): string =>
  [name, address.city].filter(Boolean).join(', ');

/** Why something about a screen was refused. */
export function refusedWords({ code, message, details }: Problem): string {
  const seconds = Math.max(1, Math.ceil(Number(details['retryAfterMs'] ?? 1000) / 1000));
  const words: Readonly<Record<string, string>> = {
    // They see that themselves.
    'signed-out': '',
    'pairing-not-found':
      'No screen shows this code now. A code lasts ten minutes and counts once: look at the screen once more.',
    'rate-limited': `That was too often. Try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`,
    'venue-not-found': 'This venue is gone, or it is not yours.',
    'kiosk-not-found': 'This screen is not paired any more.',
    'event-not-found': 'This event is gone, or it is not yours.',
    'event-cancelled': 'This event is cancelled. A note is all that can be announced of it.',
    'event-completed': 'This event is over.',
    'too-many-announcements': `The boards of this venue are full: ${details['allowed']} announcements at most. Withdraw one first.`,
  };
  return words[code] ?? message;
}
