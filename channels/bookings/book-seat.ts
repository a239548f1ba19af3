import { bookAtOnce } from '../../src/bookings/book-at-once.ts';
import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('bookings:book-seat', {
  access: signedIn,
  async handle({ engine, session, request: { eventId, seat, requestId } }) {
    return { booking: await bookAtOnce(engine, session, { eventId, seats: [seat], requestId }) };
  },
});
