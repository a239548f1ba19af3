import { defineMessage, organizers } from '../../src/channel.ts';
import { eventView } from '../../src/events/event-view.ts';
import { insertSeries } from '../../src/events/series.ts';

export default defineMessage('events:create-series', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    const { seriesId, events } = await insertSeries(engine.db, session.userId, request, by);
    return { seriesId, rule: request.rule, events: events.map(eventView) };
  },
});
