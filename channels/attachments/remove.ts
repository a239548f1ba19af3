import { defineMessage, organizers, owns } from '../../src/channel.ts';

export default defineMessage('attachments:remove', {
  access: organizers,
  async handle({ engine, session, request, by, fail }) {
    const found = await engine.attachments.find(request.attachmentId);
    // Somebody else's file is as good as none.
    if (!found || !owns(session, found.organizerId)) return fail('attachment-not-found');
    await engine.attachments.remove(found, by);
    return { removed: true };
  },
});
