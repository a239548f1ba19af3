import { defineMessage, signedIn } from '../../src/channel.ts';

export default defineMessage('bookings:list', {
  access: signedIn,
  handle: ({ engine, session, request }) =>
    engine.bookings.list(session.userId, { ...request, limit: request.limit ?? 50 }),
});
