import { confirmHolds } from '../../../src/database/statements.ts';
import { newHoldId, newId } from '../../../src/ids.ts';
import { randomFrom } from '../bytes/maps.ts';
import { type House, userId } from '../../shared/house.ts';

const seatsInBooking = 20;
const holdsInBatch = 64;

/** Every other seat from `firstSeat` on, drawn at random, is sold: the longest map there is. */
export async function sellHalf(
  house: House,
  eventId: string,
  { seats, firstSeat }: { seats: number; firstSeat: number },
): Promise<void> {
  const random = randomFrom(seats);
  const sold = Array.from({ length: seats }, (_, seat) => seat).filter(
    (seat) => seat >= firstSeat && random() < 0.5,
  );
  const holds = [];
  for (let first = 0; first < sold.length; first += seatsInBooking) {
    holds.push({
      holdId: newHoldId(),
      bookingId: newId(),
      eventId,
      // Nobody who buys in this bench: there is a limit for each.
      userId: userId(0),
      sessionId: 'a session of 22 letters',
      requestId: newId(),
      currency: 'EUR',
      leftMs: null,
      seats: sold.slice(first, first + seatsInBooking).map((seat) => ({
        seat,
        label: `Stalls, seat ${seat}`,
        category: 'Stalls',
        priceCents: 2500,
      })),
    });
  }
  for (let first = 0; first < holds.length; first += holdsInBatch) {
    await house.db.run(confirmHolds, JSON.stringify(holds.slice(first, first + holdsInBatch)));
  }
  // Nothing follows from them: the map is loaded with them.
  await house.client.query('update outbox set sent_at = now() where sent_at is null');
}
