/** Those who only look. */
import { type ClientOptions, SeatcastClient } from '../../src/client/client.ts';
import type { SeatMap } from '../../src/client/seat-map.ts';
import type { Latency } from './latency.ts';
import type { Tally } from './tally.ts';

export interface Viewer {
  client: SeatcastClient;
  map: SeatMap;
}

/** So many connect at a time: a queue in front of the door, not a wall. */
const atOnce = 25;
const freshWithinMs = 30_000;

/** A client that prefers one node and knows the others. */
export function connect(
  nodes: readonly string[],
  index: number,
  options: Pick<ClientOptions, 'token' | 'newToken'> = {},
): SeatcastClient {
  const urls = nodes.map((_, i) => nodes[(index + i) % nodes.length] as string);
  return new SeatcastClient({ urls, timeoutMs: 15_000, ...options });
}

/** Counts every frame that a client gets. */
export function countFrames(client: SeatcastClient, tally: Tally): void {
  for (const name of [
    'seats:changed',
    'seats:position',
    'seats:snapshot',
    'seats:hold-expired',
    'bookings:confirmed',
    'bookings:cancelled',
    'events:cancelled',
    'server:disconnected',
  ] as const) {
    client.on(name, () => {
      tally.frames++;
    });
  }
}

/** Resolves once the map can be trusted. Rejects after a while. */
export function whenFresh(map: SeatMap): Promise<void> {
  if (map.fresh) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a map was not loaded in time')), freshWithinMs);
    const off = map.on('fresh', (fresh) => {
      if (!fresh) return;
      clearTimeout(timer);
      off();
      resolve();
    });
  });
}

/** Lets the viewers in, a few at a time. */
export async function letIn(
  nodes: readonly string[],
  eventId: string,
  count: number,
  watchers: { tally: Tally; latency: Latency; progress: (ready: number) => void },
): Promise<Viewer[]> {
  const { tally, latency, progress } = watchers;
  const viewers: Viewer[] = [];
  const enter = async (index: number) => {
    const client = connect(nodes, index);
    const map = client.watch(eventId);
    const viewer = { client, map };
    countFrames(client, tally);
    client.on('seats:changed', () => latency.moved(viewer));
    // What comes by catching up is shown as well.
    map.on('changed', () => latency.moved(viewer));
    await whenFresh(map);
    viewers.push(viewer);
    progress(viewers.length);
  };
  for (let next = 0; next < count; next += atOnce) {
    const group = Array.from({ length: Math.min(atOnce, count - next) }, (_, i) => enter(next + i));
    await Promise.all(group);
  }
  return viewers;
}
