import { anyone, defineMessage, owns } from '../../src/channel.ts';

export default defineMessage('attachments:list', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const card = await engine.events.card(request.eventId);
    if (!card || !(card.isPublic || owns(session, card.organizerId))) return fail('event-not-found');
    return { attachments: await engine.attachments.list(card.id) };
  },
});
