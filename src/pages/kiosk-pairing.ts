/**
 * How a screen becomes a kiosk: it shows a code and asks for its token until somebody has typed the code. What it is
 * given it keeps, so that it comes up by itself after the power was off.
 */
import type { KiosksBeginReply, KiosksClaimReply } from '../contracts.gen.ts';
import { api, Problem } from './api.ts';
import { byId } from './dom.ts';
import { countdown } from './format.ts';

const key = 'seatcast.kiosk';
const pollMs = 2000;
const longestWaitMs = 60_000;

export interface Paired {
  token: string;
  name: string;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export function readPaired(): Paired | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? 'null') as (Paired & { until: string }) | null;
    return kept && Date.parse(kept.until) > Date.now() ? kept : undefined;
  } catch {
    return undefined;
  }
}

function keep({ token, kiosk, expiresAt }: KiosksClaimReply): Paired {
  const paired = { token, name: kiosk.name, until: expiresAt };
  try {
    localStorage.setItem(key, JSON.stringify(paired));
  } catch {
    // Storage may be switched off; then the screen is paired until it is switched off.
  }
  return paired;
}

/** The hub does not take its token any more. */
export function forgetPaired(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept.
  }
}

/** What stands on the screen while there is no board. */
export function say(title: string, text: string, note = '', code = ''): void {
  document.body.dataset['screen'] = 'pairing';
  byId('pairing', HTMLElement).hidden = false;
  const parts = { 'pairing-title': title, 'pairing-text': text, 'pairing-note': note };
  for (const [id, words] of Object.entries(parts)) {
    const part = byId(id, HTMLElement);
    if (part.textContent !== words) part.textContent = words;
  }
  const shown = byId('code', HTMLElement);
  shown.hidden = code === '';
  if (shown.textContent !== code) shown.textContent = code;
}

export function hush(): void {
  document.body.dataset['screen'] = 'board';
  byId('pairing', HTMLElement).hidden = true;
}

/** Shows codes until one was typed. Never rejects: a screen has nobody to tell. */
export async function pair(): Promise<Paired> {
  for (let failures = 0; ; ) {
    try {
      const paired = await showCode(await api<KiosksBeginReply>('/api/v1/kiosks/pairings', { post: {} }));
      if (paired) return paired;
      failures = 0;
    } catch (error) {
      failures++;
      const waitMs = Math.min(longestWaitMs, 1000 * 2 ** failures) * (0.5 + Math.random() / 2);
      say('One moment', error instanceof Problem ? error.message : 'Something went wrong.', 'Trying again …');
      await pause(waitMs);
    }
  }
}

/** @returns undefined when its time is over */
async function showCode({
  code,
  pairingId,
  secret,
  expiresAt,
}: KiosksBeginReply): Promise<Paired | undefined> {
  const parts = `${code.slice(0, 4)} ${code.slice(4)}`;
  // By the page's own stopwatch: the wall clock of a new screen may be anything.
  const until = performance.now() + Math.max(60_000, Math.min(600_000, Date.parse(expiresAt) - Date.now()));
  for (;;) {
    const leftMs = until - performance.now();
    if (leftMs <= 0) return undefined;
    const text = `An organizer types this code at ${location.host}/screens, and chooses its venue.`;
    say('This screen is waiting to be paired', text, `Another code in ${countdown(leftMs)}`, parts);
    try {
      return keep(
        await api<KiosksClaimReply>(`/api/v1/kiosks/pairings/${pairingId}/claim`, { post: { secret } }),
      );
    } catch (error) {
      if (error instanceof Problem && error.code === 'pairing-not-found') return undefined;
      // Not typed yet, too many at once, or the hub is away: the code is as good as before.
    }
    await pause(pollMs * (0.8 + Math.random() * 0.4));
  }
}
