import { defineMessage, organizers } from '../../src/channel.ts';
import { RequestError } from '../../src/errors.ts';
import { ownEvent } from '../../src/events/own-event.ts';

export default defineMessage('attachments:add', {
  access: organizers,
  async handle({ engine, session, request, body, by }) {
    if (!body) throw new RequestError('unsupported-media-type');
    const event = await ownEvent(engine, session, request.eventId);
    return { attachment: await engine.attachments.add(event, request.name.trim(), body, by) };
  },
});
