import { bookAtOnce } from '../../src/bookings/book-at-once.ts';
import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('bookings:book', {
  access: signedIn,
  async handle({ engine, request, by }) {
    return { booking: await bookAtOnce(engine, by, request) };
  },
});
