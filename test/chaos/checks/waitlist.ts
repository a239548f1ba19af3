import type { Check, Evidence, Finding } from './evidence.ts';
import {
  type EntryFact,
  fits,
  isOffered,
  type OfferFact,
  roundingMs,
  type StepFact,
  type Wait,
  type WaitlistEvidence,
  waitsOf,
  waitsThrough,
} from './waitlist-record.ts';

/** A viewer may be so late, on a busy machine. */
const shownWithinMs = 10_000;
const passesBeforeGathering = 5;

/**
 * C7: whoever waits gets what becomes free, in the order that was promised. Nobody is served before somebody who came
 * earlier and would have taken the same seats, nobody else sees them free meanwhile, a seat is offered to one, a user has
 * one offer, and what was answered about entries and offers is so.
 */
export const checkWaitlist: Check = (evidence) => {
  const { waitlist } = evidence;
  if (!waitlist) return [];
  const found: Finding[] = [];
  const say = (sentence: string, ops: Finding['ops'] = []) => void found.push({ check: 'C7', sentence, ops });
  const scene = { ...evidence, waitlist, lines: linesOf(evidence, waitlist), say };
  checkOrder(scene);
  checkPasses(scene);
  checkShown(scene);
  checkGrabbed(scene);
  checkOne(scene);
  checkOwners(scene);
  checkAnswers(scene);
  checkTold(scene);
  checkRest(scene);
  return found;
};

interface Line {
  entry: EntryFact;
  steps: StepFact[];
  waits: Wait[];
  /** Seats it was offered and let go: if nobody else waits for them they are free for everybody. */
  unwanted: ReadonlySet<number>;
}

interface Scene extends Evidence {
  waitlist: WaitlistEvidence;
  lines: Line[];
  say: (sentence: string, ops?: Finding['ops']) => void;
}

function linesOf({ ops }: Evidence, { entries, steps }: WaitlistEvidence): Line[] {
  const byEntry = Map.groupBy(steps, ({ entryId }) => entryId);
  return entries.map((entry) => {
    const own = byEntry.get(entry.id) ?? [];
    const missed = own.filter(({ kind }) => kind === 'declined' || kind === 'expired');
    const unwanted = new Set(missed.flatMap(({ seats }) => seats));
    return { entry, steps: own, waits: waitsOf(entry, own, ops), unwanted };
  });
}

/** Redis may have forgotten what it did shortly before it was lost, until all is well again. */
const isExcused = ({ excuse }: Evidence, at: number) =>
  excuse.losesHolds && at > excuse.faultAt - 5000 && at < excuse.healedAt + 5000;

const wanted = (seats: readonly number[], unwanted: ReadonlySet<number>) =>
  seats.filter((seat) => !unwanted.has(seat));

const short = (id: string) => id.slice(-6);

/** Of the seats of an offer those that were not gathered for it before: what was gathered is nobody else's. */
function newOf({ steps }: Line, step: StepFact): number[] {
  const earlier = steps.slice(0, steps.indexOf(step));
  const gathered = earlier.at(-1)?.kind === 'let-go' ? (earlier.at(-1)?.seats ?? []) : [];
  return step.seats.filter((seat) => !gathered.includes(seat));
}

function* offered(scene: Scene): Generator<{ line: Line; step: StepFact; order: number }> {
  for (const line of scene.lines) {
    for (const step of line.steps) {
      if (step.kind !== 'offered' || isExcused(scene, step.at)) continue;
      const before = line.waits.findLast((wait) => wait.till <= step.at + roundingMs);
      if (before) yield { line, step: { ...step, seats: newOf(line, step) }, order: before.order };
    }
  }
}

function checkOrder(scene: Scene): void {
  const { waitlist, lines, say } = scene;
  for (const { line, step, order } of offered(scene)) {
    for (const other of lines) {
      if (other.entry.userId === line.entry.userId || !fits(other.entry, step.seats, waitlist.plan)) continue;
      const wait = waitsThrough(other.waits, step.at, step.at);
      if (!wait || wait.order >= order - roundingMs) continue;
      if (isOffered(waitlist.offers, other.entry.userId, step.at, step.at)) continue;
      say(
        `seats ${step.seats} were offered to ${short(line.entry.id)}, and ${short(other.entry.id)} came before it`,
      );
    }
  }
}

/** Somebody who is first of all gathers when others have been served before them too often. */
function checkPasses(scene: Scene): void {
  const { lines, waitlist, say, excuse } = scene;
  // One that is served in the same moment as others may be counted once too often; and a Redis that was lost counts
  // from what PostgreSQL had.
  const atMost = passesBeforeGathering * (excuse.losesHolds ? 2 : 1) + 1;
  for (const { entry, waits } of lines) {
    const rivals = lines.filter((other) => other.entry.id !== entry.id);
    for (const wait of waits.filter((each) => !each.gathers)) {
      let passes = 0;
      for (const { step, line } of offered(scene)) {
        const isIn = step.at > wait.from + roundingMs && step.at < wait.till - roundingMs;
        if (!isIn || line.entry.userId === entry.userId) continue;
        const some = step.seats.some(
          (seat) => entry.category === null || waitlist.plan[seat]?.category === entry.category,
        );
        if (!some || isOffered(waitlist.offers, entry.userId, step.at, step.at)) continue;
        const isFirst = !rivals.some((other) =>
          other.waits.some(
            (each) =>
              (each.order <= wait.order || each.gathers) &&
              each.from <= step.at + roundingMs &&
              each.till >= step.at - roundingMs,
          ),
        );
        if (isFirst) passes++;
      }
      if (passes > atMost)
        say(`${short(entry.id)} was first of all, and was passed over ${passes} times without gathering`);
    }
  }
}

/** A state of the map in which seats are free that somebody wants who waits, and has waited all the time. */
function checkShown(scene: Scene): void {
  const { views, lines, waitlist, say } = scene;
  const states = new Map(views.map((view) => [`${view.epoch} ${view.position} ${view.seats}`, view]));
  for (const { at, seats, viewer, position } of states.values()) {
    if (isExcused(scene, at) || !seats.includes('f')) continue;
    const free = [...seats].flatMap((letter, seat) => (letter === 'f' ? [seat] : []));
    for (const { entry, waits, unwanted } of lines) {
      if (entry.quantity > free.length || !waitsThrough(waits, at - shownWithinMs, at)) continue;
      if (isOffered(waitlist.offers, entry.userId, at - shownWithinMs, at)) continue;
      if (!fits(entry, wanted(free, unwanted), waitlist.plan)) continue;
      say(`${viewer} was shown seats ${free} free at ${position}, and ${short(entry.id)} waits for such`);
      return;
    }
  }
}

/** Somebody who does not wait holds seats that somebody waits for. */
function checkGrabbed(scene: Scene): void {
  const { ops, lines, waitlist, say } = scene;
  for (const op of ops) {
    if (op.f !== 'hold' || op.type !== 'ok' || isExcused(scene, op.endedAt)) continue;
    for (const { entry, waits, unwanted } of lines) {
      if (entry.userId === waitlist.users.get(op.proc)) continue;
      if (!waitsThrough(waits, op.invokedAt, op.endedAt)) continue;
      if (!fits(entry, wanted(op.seats, unwanted), waitlist.plan)) continue;
      if (isOffered(waitlist.offers, entry.userId, op.invokedAt, op.endedAt)) continue;
      say(`seats ${op.seats} were held by ${op.proc}, and ${short(entry.id)} waits for such`, [op]);
    }
  }
}

const endOf = ({ endedAt }: OfferFact) => endedAt ?? Number.POSITIVE_INFINITY;

/** One seat, one offer at a time; one user, one offer at a time; and nobody else buys what is offered. */
function checkOne(scene: Scene): void {
  const { waitlist, rest, say } = scene;
  const spans = waitlist.offers.map((offer) => ({ offer, from: offer.offeredAt, till: endOf(offer) }));
  const perUser = Map.groupBy(spans, ({ offer }) => offer.userId);
  const perSeat = Map.groupBy(
    spans.flatMap((span) => span.offer.seats.map((seat) => ({ ...span, seat }))),
    ({ seat }) => seat,
  );
  const twice = (all: typeof spans): string | undefined => {
    const sorted = [...all].sort((a, b) => a.from - b.from);
    for (const [i, after] of sorted.entries()) {
      const before = sorted[i - 1];
      if (before && before.till > after.from + roundingMs)
        return `${short(before.offer.holdId)} and ${short(after.offer.holdId)}`;
    }
    return undefined;
  };
  for (const [userId, all] of perUser) {
    const both = twice(all);
    if (both) say(`user ${short(userId)} had two offers at once: ${both}`);
  }
  for (const [seat, all] of perSeat) {
    const both = twice(all);
    if (both) say(`seat ${seat} was offered twice at once: ${both}`);
    for (const { holdId, createdAt, seats } of rest.bookings) {
      const when = createdAt - performance.timeOrigin;
      const over =
        seats.includes(seat) && !isExcused(scene, when)
          ? all.find(({ from, till }) => when > from + roundingMs && when < till - roundingMs)
          : undefined;
      if (over)
        say(`seat ${seat} was booked by ${short(holdId)} while ${short(over.offer.holdId)} was offered`);
    }
  }
}

/** An offer is told to, and taken by, whoever waited, and a booking of it has its seats. */
function checkOwners({ waitlist, ops, rest, say }: Scene): void {
  const byHold = new Map(waitlist.offers.map((offer) => [offer.holdId, offer]));
  const owners = new Map(waitlist.entries.map(({ id, userId }) => [id, userId]));
  for (const { userId, name, entryId } of waitlist.told) {
    if (owners.has(entryId) && owners.get(entryId) !== userId)
      say(`user ${short(userId)} was told ${name} about an entry of somebody else`);
  }
  for (const op of ops) {
    const offer = byHold.get(op.holdId);
    if (!offer || op.type !== 'ok' || (op.f !== 'accept' && op.f !== 'decline' && op.f !== 'confirm'))
      continue;
    const userId = waitlist.users.get(op.proc);
    if (userId !== undefined && userId !== offer.userId)
      say(`user ${short(userId)} did ${op.f} with an offer of somebody else`, [op]);
    if (op.f === 'accept' && String(op.value.seats) !== String(offer.seats))
      say(`the offer of seats ${offer.seats} became a hold of ${op.value.seats}`, [op]);
  }
  for (const { holdId, seats } of rest.bookings) {
    const offer = byHold.get(holdId);
    if (!offer) continue;
    if (offer.state !== 'accepted') say(`offer ${short(holdId)} is booked, and was ${offer.state}`);
    const strange = seats.filter((seat) => !offer.seats.includes(seat));
    if (strange.length > 0) say(`offer ${short(holdId)} of seats ${offer.seats} was booked with ${strange}`);
  }
}

/** What was answered is so: joined, left, accepted and declined. */
function checkAnswers(scene: Scene): void {
  const { waitlist, ops, say } = scene;
  const byRequest = new Map(waitlist.entries.map((entry) => [entry.requestId, entry]));
  const byId = new Map(waitlist.entries.map((entry) => [entry.id, entry]));
  const byHold = new Map(waitlist.offers.map((offer) => [offer.holdId, offer]));
  for (const op of ops) {
    if (op.f === 'join') {
      const entry = byRequest.get(op.requestId);
      if (op.type === 'ok' && !byId.has(op.entryId)) say(`entry ${short(op.entryId)} is lost`, [op]);
      if (op.type === 'ok' && entry && entry.id !== op.entryId) say('one join made two entries', [op]);
      if (op.type === 'fail' && entry) say(`a join was refused, and made entry ${short(entry.id)}`, [op]);
    }
    if (op.type !== 'ok') continue;
    if (op.f === 'leave') {
      const state = byId.get(op.entryId)?.state ?? 'gone';
      if (state !== 'left') say(`entry ${short(op.entryId)} was left, and is ${state}`, [op]);
    }
    const offer = byHold.get(op.holdId);
    const meant = op.f === 'accept' ? 'accepted' : op.f === 'decline' ? 'declined' : undefined;
    if (meant && !isExcused(scene, op.endedAt) && offer?.state !== meant)
      say(`offer ${short(op.holdId)} was ${meant}, and is ${offer?.state ?? 'unknown'}`, [op]);
  }
}

/** Nobody is told of an offer that does not exist, or twice of one where no node died over it. */
function checkTold({ waitlist, say, excuse }: Scene): void {
  const holds = new Set(waitlist.offers.map(({ holdId }) => holdId));
  const offers = waitlist.told.filter(({ name }) => name === 'waitlist:promoted');
  for (const [holdId, tells] of Map.groupBy(offers, (told) => told.holdId)) {
    if (!holds.has(holdId))
      say(`somebody was told of offer ${short(holdId)}, of which nothing is written down`);
    if (tells.length > 1 && excuse.isCalm) say(`offer ${short(holdId)} was told ${tells.length} times`);
  }
}

/** Once all is quiet: nothing is free that somebody waits for, and Redis has the queue that PostgreSQL has. */
function checkRest({ waitlist, rest, lines, say, excuse }: Scene): void {
  const free = [...rest.redis.seats].flatMap((letter, seat) => (letter === 'f' ? [seat] : []));
  const waiting = lines.filter(({ entry }) => entry.state === 'waiting');
  for (const { entry, unwanted } of waiting) {
    if (isOffered(waitlist.offers, entry.userId, excuse.restAt, excuse.restAt)) continue;
    if (fits(entry, wanted(free, unwanted), waitlist.plan))
      say(`seats ${free} are free at rest, and ${short(entry.id)} waits for such`);
  }
  const there = new Set(waitlist.queue);
  for (const { entry } of waiting)
    if (!there.has(entry.id)) say(`entry ${short(entry.id)} waits, and Redis has forgotten it`);
  const known = new Map(lines.map((line) => [line.entry.id, line]));
  let last = Number.NEGATIVE_INFINITY;
  for (const id of waitlist.queue) {
    const state = known.get(id)?.entry.state ?? 'unknown';
    if (state !== 'waiting') say(`entry ${short(id)} is in the queue of Redis, and is ${state}`);
    const order = known.get(id)?.waits.at(-1)?.order ?? last;
    if (order < last - roundingMs) say(`entry ${short(id)} is in the queue behind one that came after it`);
    last = Math.max(last, order);
  }
  for (const offer of waitlist.offers) {
    const early = offer.until - endOf(offer);
    if (offer.state === 'expired' && early > roundingMs)
      say(`offer ${short(offer.holdId)} ran out ${Math.round(early)} ms before its time`);
    if (endOf(offer) === Number.POSITIVE_INFINITY && offer.until < excuse.restAt - 5000)
      say(`offer ${short(offer.holdId)} has run out long since, and is ${offer.state}`);
  }
}
