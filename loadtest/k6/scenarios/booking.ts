/** Buyers hold, confirm, list and cancel, and think in between: how long does each answer take? */
import { scenario } from '../run.ts';

export const { options, setup, play, teardown } = scenario('booking', async ({ buyers, endsAt }) => {
  await Promise.all(buyers.map((buyer) => buyer.shopUntil(endsAt)));
});
export default play;
