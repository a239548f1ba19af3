import { anyone, defineMessage } from '../../src/channel.ts';

export default defineMessage('seats:unwatch', {
  access: anyone,
  async handle({ request, viewer }) {
    viewer?.unwatch(request.eventId);
    return { eventId: request.eventId };
  },
});
