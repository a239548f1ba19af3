import { admins, defineMessage } from '../../src/channel.ts';
import { abandon, findSaga } from '../../src/payments/saga-desk.ts';

export default defineMessage('sagas:abandon', {
  access: admins,
  async handle({ engine, request, by }) {
    const { holdId, reason = '' } = request;
    const abandoned = await abandon(engine.db, holdId, by, reason);
    engine.sagas.kick();
    if (abandoned) {
      const { bookingId, outboxId } = abandoned;
      // If this fails the outbox does it.
      await engine.cancellations.cancel(bookingId, undefined, { ...by, reason }).then(
        () => engine.outbox.done(outboxId),
        (error) => engine.log.warn({ err: error, bookingId }, 'given up; its booking is cancelled later'),
      );
    }
    return { saga: await findSaga(engine.db, holdId) };
  },
});
