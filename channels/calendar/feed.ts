import { anyone, Download, defineMessage } from '../../src/channel.ts';

export default defineMessage('calendar:feed', {
  access: anyone,
  async handle({ engine, request, fail }) {
    const text = await engine.calendarFeeds.read(request.token);
    if (text === undefined) return fail('calendar-not-found');
    // The secret is in the address, so no cache that others share may have it.
    const headers = { 'cache-control': 'private, no-cache', 'referrer-policy': 'no-referrer' };
    return new Download('text/calendar; charset=utf-8', text, undefined, { headers });
  },
});
