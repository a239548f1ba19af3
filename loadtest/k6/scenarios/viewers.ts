/** Many watch the map while a few buyers change it: how long does a change take to every screen? */
import { scenario, untilEnd } from '../run.ts';

export const { options, setup, play, teardown } = scenario('viewers', async (cast) => {
  await Promise.all([untilEnd(cast), ...cast.buyers.map((buyer) => buyer.shopUntil(cast.endsAt))]);
});
export default play;
