/** By which ways somebody is told of each kind of thing. */
import type { NotificationPreferences, NotificationWays } from '../contracts.gen.ts';

/** What somebody gets who has said nothing. The statements that plan and send deliveries go by the same. */
const both: NotificationWays = { email: true, push: true };

/** Every kind there is. */
const defaults: NotificationPreferences = {
  'starting-soon': both,
  'event-rescheduled': both,
  'event-cancelled': both,
  'booking-confirmed': both,
  'booking-cancelled': both,
  'waitlist-promoted': both,
  'waitlist-offer-expired': both,
  'waitlist-closed': both,
};

type Changes = { [Kind in keyof NotificationPreferences]?: Partial<NotificationWays> };

/** What is kept, with what was said nothing about, and then changed. */
export function withDefaults(kept: Changes = {}, changes: Changes = {}): NotificationPreferences {
  const each = Object.entries(defaults).map(([kind, ways]) => {
    const name = kind as keyof NotificationPreferences;
    return [kind, { ...ways, ...kept[name], ...changes[name] }];
  });
  return Object.fromEntries(each) as unknown as NotificationPreferences;
}
