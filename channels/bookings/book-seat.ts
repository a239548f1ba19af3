import { bookAtOnce } from '../../src/bookings/book-at-once.ts';
import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('bookings:book-seat', {
  access: signedIn,
  async handle({ engine, request: { eventId, seat, requestId }, by }) {
    return { booking: await bookAtOnce(engine, by, { eventId, seats: [seat], requestId }) };
  },
});
