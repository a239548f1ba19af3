import { anyone, Download, defineMessage } from '../../src/channel.ts';
import { knownEvent } from '../../src/seats/holds.ts';

export default defineMessage('seats:read', {
  access: anyone,
  async handle({ engine, request }) {
    const card = await knownEvent(engine, request.eventId);
    const isCompact = request.format === 'compact';
    const { text, etag } = await engine.seatDocuments[isCompact ? 'compact' : 'list'](card);
    const type = isCompact ? 'text/plain; charset=utf-8' : 'application/json';
    return new Download(type, text, undefined, { etag });
  },
});
