/** Hand-made histories of a waitlist, for the tests of its check. Names of entries are those of their users. */
import type { Excuse } from './evidence.ts';
import { Story } from './story.ts';
import type { EntryFact, WaitlistEvidence } from './waitlist-record.ts';

/** A row of five Stalls, beside each other, and then a row of three in the Circle. */
export const plan = [...'SSSSSCCC'].map((letter, seat) => ({
  category: letter === 'S' ? 'Stalls' : 'Circle',
  hasNeighbour: seat !== 4 && seat !== 7,
}));

export class WaitStory extends Story {
  readonly waitlist: WaitlistEvidence = {
    entries: [],
    steps: [],
    offers: [],
    told: [],
    users: new Map(),
    plan,
    queue: [],
  };

  constructor(seats = 'ssssssss', excuse: Partial<Excuse> = {}) {
    super(seats, { restAt: 12_000, ...excuse });
  }

  /** Asked at `at`, answered 10 ms after it. */
  joined(user: string, at: number, more: Partial<EntryFact> = {}): this {
    const requestId = `join-${user}`;
    this.tell(user, 'join', 'ok', [at, at + 10], { requestId, value: { entryId: user } });
    this.waitlist.entries.push({
      id: user,
      userId: user,
      category: null,
      quantity: 1,
      together: false,
      state: 'waiting',
      joinedAt: at + 5,
      requestId,
      ...more,
    });
    this.waitlist.queue.push(user);
    (this.waitlist.users as Map<string, string>).set(user, user);
    return this;
  }

  step(kind: string, user: string, at: number, seats: number[], holdId = '', state = 'waiting'): this {
    this.waitlist.steps.push({ entryId: user, kind, state, at, holdId, seats });
    return this;
  }

  offered(user: string, at: number, seats: number[], holdId = `of-${user}`, entry = user): this {
    const until = at + 2000;
    const offer = { holdId, entryId: entry, userId: user, seats, offeredAt: at, until };
    this.waitlist.offers.push({ ...offer, state: 'live', endedAt: undefined });
    this.#say(entry, 'offered');
    this.waitlist.queue = this.waitlist.queue.filter((id) => id !== entry);
    return this.step('offered', entry, at, seats, holdId, 'offered').promoted(user, at + 2, holdId, entry);
  }

  promoted(userId: string, at: number, holdId = `of-${userId}`, entryId = userId): this {
    this.waitlist.told.push({ userId, name: 'waitlist:promoted', at, entryId, holdId, seats: [] });
    return this;
  }

  /** How the offer ended. */
  ended(user: string, how: 'accepted' | 'declined' | 'expired', at: number, holdId = `of-${user}`): this {
    const offer = this.waitlist.offers.find((each) => each.holdId === holdId);
    const seats = offer?.seats ?? [];
    if (offer) Object.assign(offer, { state: how, endedAt: at });
    const state = how === 'accepted' ? 'accepted' : 'waiting';
    this.#say(user, state);
    if (how !== 'accepted') this.waitlist.queue.push(user);
    this.step(how, user, at, seats, holdId, state);
    if (how === 'expired') return this;
    const act = how === 'accepted' ? 'accept' : 'decline';
    const value = how === 'accepted' ? { holdId, seats, expiresAt: at + 3000 } : { entryId: user };
    return this.tell(user, act, 'ok', [at - 3, at + 3], { holdId, entryId: user, value });
  }

  left(user: string, at: number): this {
    this.#say(user, 'left');
    this.waitlist.queue = this.waitlist.queue.filter((id) => id !== user);
    this.step('left', user, at, [], '', 'left');
    return this.tell(user, 'leave', 'ok', [at - 3, at + 3], { entryId: user });
  }

  shown(at: number, seats: string): this {
    this.views.push({ viewer: 'v1', at, epoch: 'e1', position: this.views.length + 1, seats });
    return this;
  }

  override get evidence() {
    return { ...super.evidence, waitlist: this.waitlist };
  }

  #say(entryId: string, state: string): void {
    const entry = this.waitlist.entries.find(({ id }) => id === entryId);
    if (entry) entry.state = state;
  }
}
