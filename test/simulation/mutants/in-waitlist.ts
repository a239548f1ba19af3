/** Faults in what becomes of those who wait. */
import { isOffer, TwinCall, type TwinHold } from '../../redis/twin.ts';
import { twinScripts, type TwinScripts } from '../../redis/twin-scripts.ts';
import type { Mutant } from './mutant.ts';

const script = (name: string) => twinScripts[name] as TwinScripts[string];

/** Offers what became free with the next call. */
class OffersLater extends TwinCall {
  override serveWaiting(): void {
    if (this.waits && this.hasFreed && !this.isUnmatched) {
      this.hasFreed = false;
      this.meta.waitlist = '2';
    } else super.serveWaiting();
  }
}

class KeepsOffers extends TwinCall {
  override lapse(hold: TwinHold): void {
    if (isOffer(hold)) this.twin.expiry.set(hold.id, this.now + 1_000_000);
    else super.lapse(hold);
  }
}

export const inWaitlist: Mutant[] = [
  {
    name: 'W1',
    says: 'seats that became free are offered in a second call, after they were shown',
    seed: 1,
    waits: true,
    redis: { makeCall: (twin, meta, now) => new OffersLater(twin, meta, now) },
  },
  {
    name: 'W2',
    says: 'who came last is served first',
    seed: 1,
    waits: true,
    redis: {
      scripts: {
        'queue-entry': (call, args) => {
          const order = 18e14 + 8e12 - Number(args[5]);
          return script('queue-entry')(call, [...args.slice(0, 5), String(order)]);
        },
      },
    },
  },
  {
    name: 'W3',
    says: 'an offer whose time is over is not let go',
    seed: 1,
    waits: true,
    redis: { makeCall: (twin, meta, now) => new KeepsOffers(twin, meta, now) },
  },
  {
    name: 'W4',
    says: 'an offer is told by whoever wrote it down, and again by the outbox',
    seed: 1,
    waits: true,
    focus: [],
    pointChance: 0,
    node: ({ waitlist }) => {
      waitlist.recorder.done = () => undefined;
    },
  },
  {
    name: 'W5',
    says: 'a map that is loaded anew has forgotten who waits',
    seed: 1,
    waits: true,
    focus: ['Redis restarts empty', 'Redis is flushed'],
    node: ({ inventory }) => {
      inventory.waiting = async () => undefined;
    },
  },
];
