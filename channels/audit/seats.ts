import { instantOf } from '../../src/audit/instant.ts';
import { admins, defineMessage } from '../../src/channel.ts';
import { seatsAt } from '../../src/database/statements.ts';
import { encodeSnapshot, states } from '../../src/seats/codec.ts';

export default defineMessage('audit:seats', {
  access: admins,
  async handle({ engine, request, fail }) {
    const { eventId } = request;
    const at = instantOf('at', request.at);
    const [found] = await engine.db.run(seatsAt, eventId, at);
    if (!found) return fail('event-not-found');
    const seats = new Uint8Array(found.seat_count);
    for (const seat of found.held) seats[seat] = states.held;
    for (const seat of found.sold) seats[seat] = states.sold;
    const [held, sold] = [found.held.length, found.sold.length];
    const counts = { free: seats.length - held - sold, held, sold };
    return { eventId, at, snapshot: encodeSnapshot(seats), counts };
  },
});
