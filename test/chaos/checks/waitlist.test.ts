import { expect, test } from 'vitest';
import { checkWaitlist } from './waitlist.ts';
import { fits } from './waitlist-record.ts';
import { plan, WaitStory } from './waitlist-story.ts';

const found = (story: WaitStory) => checkWaitlist(story.evidence).map(({ sentence }) => sentence);

/** Three wait; one accepts, one declines, one lets it run out and is the last of the queue then. */
const good = () =>
  new WaitStory('ssssssss')
    .joined('ada', 100)
    .joined('bob', 200)
    .joined('cyd', 300)
    .shown(4000, 'ssssssss')
    .offered('ada', 5000, [0])
    .shown(5020, 'hsssssss')
    .ended('ada', 'declined', 6000)
    .offered('bob', 6000, [0])
    .ended('bob', 'accepted', 6500)
    .booked('bob', 'of-bob', [0], [6600, 6700])
    .stored('of-bob', [0], { createdAt: performance.timeOrigin + 6650 })
    .offered('cyd', 7000, [1])
    .ended('cyd', 'expired', 9001);

test('C7: a good history of a waitlist passes', () => {
  expect(found(good())).toEqual([]);
  expect(checkWaitlist(new WaitStory().evidence)).toEqual([]);
});

test('C7: what would do for whom', () => {
  const entry = (quantity: number, category: string | null, together: boolean) => ({
    ...(new WaitStory().joined('ada', 1).waitlist.entries[0] as never as Parameters<typeof fits>[0]),
    quantity,
    category,
    together,
  });
  expect(fits(entry(2, null, false), [0, 6], plan)).toBe(true);
  expect(fits(entry(2, 'Stalls', false), [0, 6], plan)).toBe(false);
  expect(fits(entry(2, null, true), [0, 2, 4, 5], plan)).toBe(false);
  expect(fits(entry(2, null, true), [0, 3, 2], plan)).toBe(true);
});

test('C7: somebody is served before somebody who came earlier', () => {
  expect(found(new WaitStory().joined('ada', 100).joined('bob', 200).offered('bob', 5000, [0]))).toEqual([
    'seats 0 were offered to bob, and ada came before it',
  ]);
});

test('C7: who came earlier and wants other seats, or more, or has an offer, is not passed over', () => {
  const story = new WaitStory()
    .joined('ada', 100, { category: 'Circle' })
    .joined('bob', 150, { quantity: 2 })
    .joined('cyd', 160, { quantity: 2, together: true })
    .joined('dan', 200)
    .offered('dan', 5000, [0]);
  expect(found(story)).toEqual([]);
  story.offered('bob', 6000, [1, 3]);
  expect(found(story)).toEqual([]);
});

test('C7: who missed an offer waits at the end, and who was put first does not', () => {
  const missed = new WaitStory()
    .joined('ada', 100)
    .joined('bob', 200)
    .offered('ada', 5000, [0])
    .ended('ada', 'declined', 6000);
  expect(found(missed.offered('ada', 7000, [0], 'again'))).toEqual([
    'seats 0 were offered to ada, and bob came before it',
  ]);
  const first = new WaitStory().joined('ada', 100).joined('bob', 200).step('advanced', 'bob', 300, []);
  expect(found(first.offered('bob', 5000, [0]))).toEqual([]);
  const promoted = new WaitStory().joined('ada', 100).joined('bob', 200).step('advanced', 'bob', 300, []);
  expect(found(promoted.offered('ada', 5000, [0]))).toEqual([
    'seats 0 were offered to ada, and bob came before it',
  ]);
});

test('C7: what was gathered is nobody else’s', () => {
  const story = (gathered: number[]) =>
    new WaitStory()
      .joined('ada', 100, { quantity: 2 })
      .joined('bob', 200, { quantity: 3 })
      .step('gathered', 'bob', 4000, gathered)
      .step('let-go', 'bob', 5000, gathered)
      .offered('bob', 5000, [0, 2, 4]);
  expect(found(story([0, 2]))).toEqual([]);
  expect(found(story([0]))).toEqual(['seats 2,4 were offered to bob, and ada came before it']);
});

test('C7: passed over again and again without gathering', () => {
  const story = (gathers: boolean) => {
    const told = new WaitStory('ssssssss').joined('ada', 100, { quantity: 4 });
    for (let n = 0; n < 8; n++) told.joined(`b${n}`, 200 + n);
    for (let n = 0; n < 8; n++) {
      if (gathers && n === 5) told.step('gathered', 'ada', 1900, [5]);
      const at = 1000 + 200 * n;
      told.offered(`b${n}`, at, [n % 3]).ended(`b${n}`, 'accepted', at + 50);
    }
    return told;
  };
  expect(found(story(false))).toEqual([
    'ada was first of all, and was passed over 8 times without gathering',
  ]);
  expect(found(story(true))).toEqual([]);
});

test('C7: seats are shown free that somebody waits for', () => {
  expect(found(new WaitStory().joined('ada', 100).shown(11_500, 'sfssssss'))).toEqual([
    'v1 was shown seats 1 free at 1, and ada waits for such',
  ]);
  expect(found(new WaitStory().joined('ada', 100, { quantity: 2 }).shown(11_500, 'sfssssss'))).toEqual([]);
  // Perhaps the viewer is late.
  expect(found(new WaitStory().joined('ada', 5000).shown(11_500, 'sfssssss'))).toEqual([]);
});

test('C7: somebody who does not wait gets seats that somebody waits for', () => {
  const story = (from: number) =>
    new WaitStory().joined('ada', 100).held('eve', 'h1', [0], [from, from + 20]);
  expect(found(story(500))).toEqual(['seats 0 were held by eve, and ada waits for such']);
  // Before ada was answered.
  expect(found(story(95))).toEqual([]);
});

test('C7: one seat offered to two, one user offered twice, and an offer that somebody else buys', () => {
  const seat = new WaitStory().joined('ada', 100).joined('bob', 200).offered('ada', 5000, [0]);
  expect(found(seat.offered('bob', 5500, [0]))).toEqual([
    'seat 0 was offered twice at once: of-ada and of-bob',
  ]);
  const user = new WaitStory().joined('ada', 100, { category: 'Stalls' }).offered('ada', 5000, [0]);
  expect(found(user.offered('ada', 5500, [1], 'of-two'))).toEqual([
    'user ada had two offers at once: of-ada and of-two',
  ]);
  const sold = new WaitStory().joined('ada', 100).offered('ada', 5000, [0]);
  sold.stored('h1', [0], { createdAt: performance.timeOrigin + 5500 });
  expect(found(sold)).toContain('seat 0 was booked by h1 while of-ada was offered');
});

test('C7: somebody else hears of an offer, accepts it, or books other seats with it', () => {
  const heard = good().promoted('eve', 5003, 'of-ada', 'ada');
  expect(found(heard)).toEqual(['user eve was told waitlist:promoted about an entry of somebody else']);
  const taken = good().joined('eve', 9500);
  taken.tell('eve', 'accept', 'ok', [6400, 6410], {
    holdId: 'of-bob',
    value: { holdId: 'of-bob', seats: [0] },
  });
  expect(found(taken)).toEqual(['user eve did accept with an offer of somebody else']);
  const other = good();
  for (const booking of other.rest.bookings) booking.seats = [3];
  expect(found(other)).toEqual(['offer of-bob of seats 0 was booked with 3']);
  const early = good().stored('of-cyd', [1], { createdAt: performance.timeOrigin + 9100 });
  expect(found(early)).toEqual(['offer of-cyd is booked, and was expired']);
});

test('C7: what was answered is not so', () => {
  const lost = good().tell('eve', 'join', 'ok', [8000, 8010], { value: { entryId: 'eve' } });
  expect(found(lost)).toEqual(['entry eve is lost']);
  const phantom = good().joined('eve', 9500);
  phantom.tell('eve', 'join', 'fail', [9600, 9610], { requestId: 'join-eve', error: 'seats-available' });
  expect(found(phantom)).toEqual(['a join was refused, and made entry eve']);
  const back = good().left('ada', 9000);
  for (const entry of back.waitlist.entries) if (entry.id === 'ada') entry.state = 'accepted';
  expect(found(back)).toEqual(['entry ada was left, and is accepted']);
  const accepted = good();
  for (const offer of accepted.waitlist.offers) if (offer.holdId === 'of-bob') offer.state = 'declined';
  expect(found(accepted)).toEqual([
    'offer of-bob is booked, and was declined',
    'offer of-bob was accepted, and is declined',
  ]);
});

test('C7: told of an offer that is not written down, or twice though nothing was damaged', () => {
  expect(found(good().promoted('ada', 9000, 'no-such', 'ada'))).toEqual([
    'somebody was told of offer o-such, of which nothing is written down',
  ]);
  expect(found(good().promoted('ada', 5009))).toEqual([]);
  const calm = new WaitStory('ssssssss', { isCalm: true }).joined('ada', 100).offered('ada', 9000, [0]);
  expect(found(calm.promoted('ada', 9010))).toEqual(['offer of-ada was told 2 times']);
});

test('C7: at rest something is free that is waited for, or Redis has another queue, or an old offer', () => {
  expect(found(new WaitStory('fsssssss').joined('ada', 100))).toEqual([
    'seats 0 are free at rest, and ada waits for such',
  ]);
  // Nobody else wants what ada has just declined.
  const declined = new WaitStory('fsssssss').joined('ada', 100).offered('ada', 5000, [0]);
  expect(found(declined.ended('ada', 'declined', 6000))).toEqual([]);
  const forgotten = new WaitStory().joined('ada', 100);
  forgotten.waitlist.queue = [];
  expect(found(forgotten)).toEqual(['entry ada waits, and Redis has forgotten it']);
  const kept = new WaitStory().joined('ada', 100).left('ada', 200);
  kept.waitlist.queue = ['ada'];
  expect(found(kept)).toEqual(['entry ada is in the queue of Redis, and is left']);
  const turned = new WaitStory().joined('ada', 100).joined('bob', 200);
  turned.waitlist.queue.reverse();
  expect(found(turned)).toEqual(['entry ada is in the queue behind one that came after it']);
  expect(found(new WaitStory().joined('ada', 100).offered('ada', 1000, [0]))).toEqual([
    'offer of-ada has run out long since, and is live',
  ]);
  const early = new WaitStory().joined('ada', 100).offered('ada', 1000, [0]).ended('ada', 'expired', 2000);
  expect(found(early)).toEqual(['offer of-ada ran out 1000 ms before its time']);
});

test('C7: what Redis forgot when it was lost is excused, and nothing else is', () => {
  const excuse = { losesHolds: true, faultAt: 6000, healedAt: 8000 };
  const story = (at: number) =>
    new WaitStory('ssssssss', excuse)
      .joined('ada', 100)
      .joined('bob', 200)
      .offered('bob', at, [0])
      .ended('bob', 'accepted', at + 50);
  expect(found(story(7000))).toEqual([]);
  expect(found(story(20_000))).toHaveLength(1);
});
