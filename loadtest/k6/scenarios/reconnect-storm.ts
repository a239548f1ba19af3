/** All viewers are cut off at one moment, several times: how long until each map is right again? */
import { answered, at, count, elapsed } from '../journal.ts';
import { type Cast, scenario } from '../run.ts';
import type { Visitor } from '../visitor.ts';

export const { options, setup, play, teardown } = scenario('reconnect-storm', async (cast) => {
  await Promise.all([storms(cast), ...cast.buyers.map((buyer) => buyer.shopUntil(cast.endsAt))]);
});
export default play;

async function storms({ viewers, profile, beginsAt, endsAt }: Cast): Promise<void> {
  const { storms: times = 1 } = profile;
  await Promise.all(viewers.map(({ entered }) => entered));
  for (let storm = 0; storm < times; storm++) {
    await at(beginsAt + (storm / times) * (endsAt - beginsAt));
    const cutAt = elapsed();
    await Promise.all(viewers.map((viewer) => comeBack(viewer, cutAt)));
  }
}

async function comeBack(viewer: Visitor, cutAt: number): Promise<void> {
  viewer.cut();
  await viewer.whenFresh();
  answered('return', cutAt, viewer.seenAt);
  count('returns');
}
