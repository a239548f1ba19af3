/** Our queue of confirms alone, straight on PostgreSQL: no sockets, no Redis, callers that ask again at once. */
import { ConfirmQueue } from '../../../src/bookings/confirm-queue.ts';
import { Outbox } from '../../../src/outbox.ts';
import type { Stage } from '../shared/stage.ts';
import { holdOf, type Scene } from './scene.ts';

/** Longer than any turn. */
const deadlineMs = 60_000;

export async function runQueue(
  { ground: { log } }: Stage,
  { db, eventId }: Scene,
  options: { callers: number; seconds: number; withOutbox: boolean },
): Promise<{ bookings: number; seconds: number; batch: number }> {
  const queue = new ConfirmQueue({ db, log });
  const outbox = new Outbox({ db, log });
  outbox.on('booking-confirmed', async () => 'done');
  if (options.withOutbox) outbox.start();
  let next = 0;
  const start = performance.now();
  const end = start + options.seconds * 1000;
  const call = async () => {
    while (performance.now() < end) {
      const answer = await queue.ask(holdOf(eventId, next++), performance.now() + deadlineMs);
      if (answer.verdict !== 'booked') throw new Error(`a hold was not booked: ${answer.verdict}`);
      if (options.withOutbox && answer.outbox_id) outbox.done(answer.outbox_id);
    }
  };
  await Promise.all(Array.from({ length: options.callers }, call));
  await outbox.flush();
  const seconds = (performance.now() - start) / 1000;
  await outbox.stop();
  return { bookings: next, seconds, batch: queue.counts.holds / queue.counts.batches };
}
