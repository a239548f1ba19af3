/**
 * `npm run crowd`: an evening's crowd in front of a running hub on this machine. Does every viewer see the
 * right map in time, and is no seat sold twice, while many buy at once? Ends by itself; exit code 1 if not.
 */

import { findAccounts, keepAccounts, renewToken } from './crowd/accounts.ts';
import { Buyer } from './crowd/buyer.ts';
import { findEvent, findNodes } from './crowd/hub.ts';
import { Latency } from './crowd/latency.ts';
import { CrowdError, type CrowdOptions, readOptions } from './crowd/options.ts';
import { Line, progress, summary } from './crowd/report.ts';
import { Tally } from './crowd/tally.ts';
import { Taste } from './crowd/taste.ts';
import { checkBookings, wrongMaps } from './crowd/verdict.ts';
import { connect, countFrames, letIn, whenFresh } from './crowd/viewers.ts';

/** Longer than setting up and checking at the end may take together. */
const marginMs = 300_000;
/** The last change has this long to reach every screen before the maps are compared. */
const lastWordsMs = 1500;

async function main(options: CrowdOptions): Promise<boolean> {
  const line = new Line();
  const nodes = await findNodes(options.urls);
  const [node = ''] = nodes;
  const { event, plan } = await findEvent(node, options.eventId);
  line.say(`"${event.title}", ${event.seatCount.toLocaleString('en')} seats: ${node}/events/${event.id}`);
  line.say(`${options.viewers} viewers and ${options.buyers} buyers on ${nodes.join(' and ')}`);

  const validMs = options.seconds * 1000 + marginMs;
  const accounts = await findAccounts(node, event.id, options.buyers, validMs, (ready) =>
    line.show(`accounts: ${ready} of ${options.buyers}`),
  );
  const [tally, latency] = [new Tally(), new Latency()];
  const viewers = await letIn(nodes, event.id, options.viewers, {
    tally,
    latency,
    progress: (ready) => line.show(`viewers: ${ready} of ${options.viewers}`),
  });

  const end = new AbortController();
  const taste = new Taste(plan, event.prices);
  const buyers = await Promise.all(
    accounts.map(async (account, i) => {
      const client = connect(nodes, i, {
        token: account.token,
        newToken: () => renewToken(node, account),
      });
      const map = client.watch(event.id);
      countFrames(client, tally);
      await whenFresh(map);
      const accepted = (at: { epoch: string; position: number }) => latency.accepted(viewers, at);
      const parts = { client, map, eventId: event.id, taste, tally, accepted, signal: end.signal };
      return { client, buyer: new Buyer(parts) };
    }),
  );

  const startedAt = performance.now();
  const elapsed = () => (performance.now() - startedAt) / 1000;
  const ending = setTimeout(() => end.abort(), options.seconds * 1000);
  const showing = setInterval(
    () => line.show(progress(Math.round(elapsed()), options.seconds, { tally, latency, viewers })),
    500,
  );
  process.once('SIGINT', () => end.abort());
  const running = Promise.all(buyers.map(({ buyer }) => buyer.run()));
  await new Promise((resolve) => end.signal.addEventListener('abort', resolve));
  clearTimeout(ending);
  await running;
  const seconds = elapsed();
  keepAccounts(event.id, accounts);
  if (!options.keep) await Promise.all(buyers.map(({ buyer }) => buyer.leave()));
  clearInterval(showing);

  line.show('comparing the maps');
  await new Promise((resolve) => setTimeout(resolve, lastWordsMs));
  const wrong = await wrongMaps(nodes, event.id, viewers);
  const lostBookings = await checkBookings(event.id, buyers, tally);
  const { text, ok } = summary({ tally, latency, viewers, seconds, wrongMaps: wrong, lostBookings });
  line.say(`\nAfter ${seconds.toFixed(0)} s:\n\n${text}\n`);
  for (const { client } of [...viewers, ...buyers]) client.close();
  return ok;
}

try {
  process.exitCode = (await main(readOptions(process.argv.slice(2)))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof CrowdError ? error.message : error);
  process.exitCode = 2;
}
// A socket that is being closed may take its time; everything has been said.
setTimeout(() => process.exit(), 2000).unref();
