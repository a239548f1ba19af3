/** Connections that have stopped reading, and what it takes to make the hub notice. */
import type { Hub } from '../../src/hub.ts';
import { until } from '../support/client.ts';

/** 8 KB of changes. */
const ballast = `h0${'.1'.repeat(4000)}`;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Bytes that wait in the hub for each connection. */
export function backlogs(hub: Hub): number[] {
  const sockets = [...hub.sockets.io.of('/').sockets.values()];
  return sockets.map(({ conn }) =>
    (
      conn as unknown as { transport: { socket: { getBufferedAmount(): number } } }
    ).transport.socket.getBufferedAmount(),
  );
}

/**
 * Publishes until `count` viewers of the node lag. The kernel takes some 5 MB for each before anything waits
 * in the hub, so it takes frames that no rush has; they are of a position that every viewer is past, and change
 * nothing. After each it is waited until the hub has noticed who is full, so that nobody overflows.
 */
export async function fillUntilLagging(
  hub: Hub,
  eventId: string,
  count: number,
  epoch = 'AAAAAAAA',
): Promise<void> {
  const { readers } = hub.sockets;
  const { softBytes } = readers.limits;
  const tick = { eventId, epoch, from: 1, to: 1, changes: ballast };
  const full = () => backlogs(hub).filter((bytes) => bytes > softBytes).length;
  for (let frames = 0; readers.lagging < count; frames++) {
    if (frames === 5000) throw new Error(`${readers.lagging} of ${count} viewers lag after 40 MB each`);
    hub.engine.publisher.local(`event:${eventId}`, 'seats:changed', tick);
    await turn();
    if (full() > readers.lagging) await until(() => full() <= readers.lagging, 'the full ones to be noticed');
  }
}
