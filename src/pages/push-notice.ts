/** What a device shows of a notification that came by web push. */
import type { Notification as Told } from '../contracts.gen.ts';
import { notificationWords } from './notification-words.ts';

export interface PushNotice {
  title: string;
  body: string;
  /** The same again takes the place of the first. */
  tag: string;
  /** What a click opens. */
  path: string;
}

type Sent = Pick<Told, 'id' | 'kind' | 'eventId' | 'payload'>;

/** @param text as the hub sends it (src/push); something has to be shown whatever it is */
export function pushNotice(text: string): PushNotice {
  const sent = parse(text);
  if (!sent) return { title: 'Seatcast', body: 'There is news for you.', tag: 'seatcast', path: '/bookings' };
  const { title, text: body } = notificationWords(sent);
  const path = sent.eventId ? `/events/${encodeURIComponent(sent.eventId)}` : '/bookings';
  return { title, body, tag: sent.id, path };
}

/** undefined: nothing we know how to say, as from a hub that is newer than this worker. */
function parse(text: string): Sent | undefined {
  try {
    const sent = JSON.parse(text) as Sent;
    const isKnown = typeof notificationWords(sent).title === 'string' && typeof sent.id === 'string';
    return isKnown ? sent : undefined;
  } catch {
    return undefined;
  }
}
