import { anyone, defineMessage } from '../../src/channel.ts';
import { knownEvent } from '../../src/seats/holds.ts';

export default defineMessage('seats:capacity', {
  access: anyone,
  async handle({ engine, request }) {
    return engine.seatDocuments.capacity(await knownEvent(engine, request.eventId));
  },
});
