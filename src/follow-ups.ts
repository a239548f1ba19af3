/**
 * What follows beside the answers of scripts and statements: whom it concerns is told, and the outbox does what
 * the node that made a change has not.
 */
import type { RoomAlert } from './database/notification-statements.ts';
import type { WaitlistNews } from './database/waitlist-statements.ts';
import { RequestError } from './errors.ts';
import { followSale } from './events/follow-change.ts';
import type { Engine } from './hub.ts';
import { type Notice, tellHolders } from './notifications/holder-notices.ts';
import { tellWaiter } from './waitlist/tell-waiter.ts';

/** Shorter than a row of the outbox is leased for. */
const unwindMs = 4000;

/** Connects the parts of a node: what one did, another has to hear of. */
export function connectFollowUps(engine: Engine): void {
  const { inventory, confirms, cancellations, sagas, notifications, alerts, outbox, publisher } = engine;
  const { waitlist, waiters, log } = engine;
  outbox.mark = (ids) => notifications.settle(ids);
  inventory.listener = {
    ticked: (eventId, epoch, tick) => publisher.tick(eventId, epoch, tick),
    lapsed: (eventId, { holdId, owner, seats }) =>
      publisher.toUser(owner, 'seats:hold-expired', { eventId, holdId, seats }),
    unsettled: (eventId, holdId) => {
      confirms.settle(eventId, holdId).catch((error) => {
        log.warn({ err: error, eventId, holdId }, 'could not settle a confirm; it is tried again');
      });
    },
    stepped: (eventId, steps) => {
      waitlist.recorder.take(eventId, steps);
      waiters.stir(eventId);
    },
  };
  inventory.waiting = (card) => waitlist.loaded(card);
  const tellNews = (news: WaitlistNews) => tellWaiter(engine, news);
  for (const part of [waitlist, waitlist.recorder]) {
    part.tell = tellNews;
    part.done = (id) => outbox.done(id);
  }
  confirms.listener = {
    booked: (booking, userId) => publisher.toUser(userId, 'bookings:confirmed', { booking }),
    paymentDue: () => sagas.kick(),
    ended: (eventId, { holdId, owner, seats }) =>
      publisher.toUser(owner, 'seats:hold-expired', { eventId, holdId, seats }),
  };
  cancellations.listener = {
    cancelled: (booking, userId) => publisher.toUser(userId, 'bookings:cancelled', { booking }),
    unwound: (eventId, userId, progress) =>
      publisher.toUser(userId, 'events:unwound', { eventId, ...progress }),
    paymentDue: () => sagas.kick(),
  };
  sagas.listener = ({ event_id: eventId, hold_id: holdId, user_id: userId, reason }, payment) =>
    publisher.toUser(userId, 'bookings:paid', { eventId, holdId, payment, reason });
  for (const part of [confirms, cancellations, sagas, notifications, alerts])
    part.done = (id) => outbox.done(id);
  relay(engine);
}

/** What the outbox does when the node that made a change has not. */
function relay(engine: Engine): void {
  const { outbox, bookings, confirms, cancellations, sagas, notifications, alerts, deliveries } = engine;
  const { waitlist, eventChanged } = engine;
  outbox.on('booking-confirmed', async ({ bookingId = '' }) => {
    const found = await bookings.find(bookingId);
    if (found) await confirms.show(found);
    return 'done';
  });
  outbox.on('booking-cancelled', async ({ bookingId = '' }, { payload }) => {
    await cancellations.showAgain(bookingId, payload.seats as number[]);
    return 'done';
  });
  outbox.on('event-changed', async ({ eventId = '' }) => {
    if (!(await eventChanged(eventId))) throw new RequestError('try-later', undefined, 'Redis is away.');
    await followSale(engine, eventId);
    return 'done';
  });
  outbox.on('event-cancelled', async ({ eventId = '', actorId = '', sessionId, requestId, reason = '' }) => {
    void eventChanged(eventId);
    const by = { userId: actorId, sessionId: sessionId ?? null, requestId: requestId ?? null, reason };
    return (await cancellations.unwind(eventId, by, unwindMs)) ? 'done' : 'again';
  });
  outbox.on(
    'payment-abandoned',
    async ({ bookingId = '', actorId = '', sessionId, requestId, reason = '' }) => {
      const by = { userId: actorId, sessionId: sessionId ?? null, requestId: requestId ?? null, reason };
      await cancellations.cancel(bookingId, undefined, by);
      return 'done';
    },
  );
  outbox.on('notifications-made', async (_, { payload }) => {
    await notifications.tellAgain(payload.ids as string[]);
    return 'done';
  });
  outbox.on('alerts-due', async (_, { payload }) => {
    alerts.tellRooms(payload.rooms as RoomAlert[]);
    return 'done';
  });
  outbox.on('holders-notice', (_, { payload }) => tellHolders(engine, payload as unknown as Notice));
  // What else follows a notification, beside telling sockets: mail and web push.
  outbox.on('notified', async (_payload, { payload }) => {
    await deliveries.notified(payload.ids as string[]);
    return 'done';
  });
  outbox.on('account-disabled', async ({ userId = '' }) => {
    await waitlist.leaveAll(userId);
    return 'done';
  });
  outbox.on('waitlist-joined', async ({ entryId = '' }) => {
    await waitlist.queueLate(entryId);
    return 'done';
  });
  outbox.on('waitlist-told', async (_, { payload }) => {
    await tellWaiter(engine, payload as unknown as WaitlistNews);
    return 'done';
  });
  outbox.on('payment-changed', async ({ holdId = '' }) => {
    await sagas.tell(holdId);
    return 'done';
  });
}
