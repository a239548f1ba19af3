/**
 * Everybody watches, and at one moment everybody wants a seat: one each, and another one when somebody else was
 * faster, until none is free. Is every seat sold, none twice, and do those who got none know it at once?
 */
import { states } from '../../../src/seats/codec.ts';
import { type Buyer, chooseFree } from '../buyer.ts';
import { at, elapsed, pause, toldLoser } from '../journal.ts';
import { type Cast, scenario } from '../run.ts';

/** Nobody looks and clicks faster. */
const reactionMs = { min: 100, max: 300 };
const lookEveryMs = 200;

export const { options, setup, play, teardown } = scenario('on-sale', async (cast) => {
  await Promise.all(cast.buyers.map((buyer) => buyOne(buyer, cast)));
  // One for all of them: to look costs k6 more than it seems.
  const [buyer] = cast.buyers;
  if (buyer) await untilSoldOut(buyer, cast);
});
export default play;

async function buyOne(buyer: Buyer, { beginsAt, endsAt }: Cast): Promise<void> {
  await buyer.visitor.entered;
  await at(beginsAt);
  while (elapsed() < endsAt) {
    await buyer.visitor.whenFresh();
    const seats = chooseFree(buyer.visitor.map.replica.seats, 1);
    if (seats.length === 0) break;
    const hold = await buyer.hold(seats);
    if (hold) {
      await buyer.confirm(hold);
      return;
    }
    await pause(reactionMs.min + Math.random() * (reactionMs.max - reactionMs.min));
  }
  toldLoser(buyer.visitor.nothingFreeAt ?? elapsed());
}

/** Held seats are still to be booked. */
async function untilSoldOut({ visitor }: Buyer, { endsAt }: Cast): Promise<void> {
  const isSold = (state: number) => state === states.sold;
  while (elapsed() < endsAt && !visitor.map.replica.seats.every(isSold)) await pause(lookEveryMs);
}
