import { anyone, defineMessage } from '../../src/channel.ts';
import { searchEvents } from '../../src/provider/search.ts';

export default defineMessage('provider:search', {
  access: anyone,
  async handle({ engine, request }) {
    const { timeZone } = engine.providerFeed.settings;
    const { events, nextCursor } = await searchEvents(engine.db, timeZone, request);
    return { data: { events, ...(nextCursor === undefined ? {} : { nextCursor }) }, error: null };
  },
});
