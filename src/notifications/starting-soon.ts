import type { AlertsStartingSoon, Notification } from '../contracts.gen.ts';
import type { RoomAlert } from '../database/notification-statements.ts';
import { localTimeText } from './local-time.ts';

/** What a ticket holder is told, on their own clock; undefined: the event has begun meanwhile. */
export function startingSoon(notification: Notification, timeZone: string): AlertsStartingSoon | undefined {
  const { id, eventId, payload } = notification;
  const { title = '', startsAt = '', leadMinutes = 1, late = false } = payload;
  const secondsLeft = secondsUntil(startsAt);
  if (!eventId || !(secondsLeft > 0)) return undefined;
  const localTime = localTimeText(new Date(startsAt), timeZone);
  const whose = { to: 'holder', notificationId: id } as const;
  return { eventId, title, startsAt, leadMinutes, secondsLeft, localTime, timeZone, late, ...whose };
}

/** What rooms are told, on the clock of the event. */
export function startingSoonForRooms(alert: RoomAlert): Omit<AlertsStartingSoon, 'to'> | undefined {
  const { eventId, title, startsAt, leadMinutes, timeZone } = alert;
  const secondsLeft = secondsUntil(startsAt);
  if (!(secondsLeft > 0)) return undefined;
  const localTime = localTimeText(new Date(startsAt), timeZone);
  const told = { eventId, title, startsAt, leadMinutes, secondsLeft, localTime, timeZone };
  return { ...told, late: false, notificationId: null };
}

const secondsUntil = (instant: string): number => Math.round((Date.parse(instant) - Date.now()) / 1000);
