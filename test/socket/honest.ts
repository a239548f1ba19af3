/** What must hold after every attack: the process has caught everything, and honest buyers are served. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { requestId, type TestClient } from '../support/client.ts';
import type { TestHubs } from '../support/hub.ts';

export interface HonestOptions {
  /** Memory that attacks may leave behind at the end of the file. Default 150. */
  growthMb?: number;
  /** A new buyer each time, where one would soon have asked too much. */
  anew?: boolean;
}

/**
 * After each test of the file an honest buyer holds and releases a seat on every node, and nothing was left
 * uncaught.
 */
export function expectHonestService(
  hubs: TestHubs,
  { growthMb = 150, anew = false }: HonestOptions = {},
): void {
  const before = process.memoryUsage.rss();
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  let eventId: string;
  let buyers: TestClient[] = [];

  const connectBuyers = async () => {
    const users = await hubs.users(hubs.nodes.length);
    buyers = await Promise.all(users.map((user, node) => hubs.connect(user, node)));
  };

  beforeAll(async () => {
    // For this file alone: files share a process, and what another one leaves behind is not this one's.
    process.on('uncaughtException', note);
    process.on('unhandledRejection', note);
    eventId = await hubs.event({ rules: { seatsPerBuyer: 1000 } });
    await connectBuyers();
  });

  afterEach(async () => {
    for (const buyer of buyers) {
      const from = performance.now();
      const { hold } = await buyer.request('seats:hold', { eventId, seats: [7], requestId: requestId() });
      await buyer.request('seats:release', { eventId, holdId: hold.holdId, requestId: requestId() });
      expect(performance.now() - from, 'time of an honest hold and release').toBeLessThan(2000);
    }
    if (anew) {
      for (const buyer of buyers) buyer.close();
      await connectBuyers();
    }
    expect(uncaught).toEqual([]);
  });

  afterAll(() => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
    const growth = (process.memoryUsage.rss() - before) / 2 ** 20;
    expect(growth, 'MB of memory the attacks left behind').toBeLessThan(growthMb);
  });
}
