import type { Profile } from '../k6/profiles.ts';
import type { Recording } from './recording.ts';
import type { Use } from './resources.ts';

/** Between coming in and beginning, and for comparing at the end. */
const aroundSeconds = 5;

const number = (value: number): string => value.toLocaleString('en');

/** How it goes, in one line. */
export function progress(profile: Profile, recording: Recording, uses: readonly Use[]): string {
  const { entrySeconds, seconds, viewers, buyers } = profile;
  const passed = Math.max(0, Math.round((Date.now() - recording.startedAt) / 1000)) || 0;
  const cores = uses.map(({ name, cores }) => `${name} ${Math.round((cores.at(-1) ?? 0) * 100)}%`);
  return [
    `${passed} of about ${entrySeconds + seconds + aroundSeconds} s`,
    `${number(recording.count('in'))} of ${number(viewers + buyers)} in`,
    `${number(recording.count('holds'))} holds`,
    `${number(recording.count('conflicts'))} conflicts`,
    `${number(recording.count('bookings'))} booked`,
    ...(recording.count('failed') ? [`${number(recording.count('failed'))} failed`] : []),
    cores.join(' '),
  ].join(' · ');
}
