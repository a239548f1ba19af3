import { defineMessage, owns, screens } from '../../src/channel.ts';
import { RequestError } from '../../src/errors.ts';
import { ownVenue } from '../../src/events/venues.ts';

export default defineMessage('kiosk:watch', {
  access: screens,
  async handle({ engine, session, request, viewer, fail }) {
    viewer?.askBoard();
    const isKiosk = session.role === 'kiosk';
    const assigned = isKiosk ? await engine.kiosks.venueOf(session.userId) : request.venueId;
    if (!assigned) {
      if (isKiosk) return fail('kiosk-unassigned');
      return fail('invalid-request', { field: 'venueId', allowed: 'is required' }, 'venueId: is required.');
    }
    if (isKiosk && request.venueId !== undefined && request.venueId !== assigned) {
      return fail('venue-not-found');
    }
    if (!isKiosk) await ownVenue(engine.db, assigned, (organizerId) => owns(session, organizerId));
    // First the room, then the board: what changes in between comes twice rather than never.
    if (viewer && !(await viewer.watchBoard(assigned))) throw new RequestError('try-later');
    try {
      const board = await engine.boards.open(assigned);
      if (isKiosk) engine.kioskPresence.seen(session.userId, {});
      return { board: board.now(), version: engine.health.version };
    } catch (error) {
      viewer?.unwatchBoard();
      throw error;
    }
  },
});
