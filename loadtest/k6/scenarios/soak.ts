/** Viewers and buyers together, for long: do the nodes grow, do answers become slower? */
import { scenario, untilEnd } from '../run.ts';

export const { options, setup, play, teardown } = scenario('soak', async (cast) => {
  await Promise.all([untilEnd(cast), ...cast.buyers.map((buyer) => buyer.shopUntil(cast.endsAt))]);
});
export default play;
