import { defineMessage, screens } from '../../src/channel.ts';

export default defineMessage('kiosk:alive', {
  access: screens,
  async handle({ engine, session, request, viewer }) {
    if (session.role === 'kiosk') engine.kioskPresence.seen(session.userId, request);
    const venueId = viewer?.board;
    const board = venueId === undefined ? undefined : engine.boards.get(venueId);
    return {
      now: Date.now(),
      version: engine.health.version,
      board: board ? { epoch: board.epoch, position: board.position } : null,
    };
  },
});
