import { expect, test } from 'vitest';
import { checkLinearizability, orderOf } from './linearizability.ts';
import { stepsOf } from './seat-model.ts';
import { Story } from './story.ts';

const found = (story: Story) => checkLinearizability(story.evidence).map(({ sentence }) => sentence);

test('C3: hold, look, confirm, cancel and hold again, one after the other', () => {
  const story = new Story('f')
    .held('a', 'h1', [0], [10, 20])
    .taken('b', [0], [30, 40])
    .booked('a', 'h1', [0], [50, 60])
    .taken('b', [0], [70, 80])
    .cancelled('a', 'h1', [0], [90, 100])
    .held('b', 'h2', [0], [110, 120])
    .released('b', 'h2', [0], [130, 140])
    .stored('h1', [0], { status: 'cancelled', cancelledAt: new Map([[0, 95]]) });
  expect(found(story)).toEqual([]);
});

test('C3: two who hold the same seat one after the other, with nothing in between', () => {
  const story = new Story('f').held('a', 'h1', [0], [10, 20]).held('b', 'h2', [0], [30, 40]);
  const [finding] = checkLinearizability(story.evidence);
  expect(finding?.sentence).toContain('#0 and #1');
  expect(finding?.ops.map(({ i }) => i)).toEqual([0, 1]);
});

test('C3: a hold that overlaps with the release of another may come after it', () => {
  const story = new Story('f')
    .held('a', 'h1', [0], [10, 20])
    .released('a', 'h1', [0], [30, 60])
    .held('b', 'h2', [0], [35, 40]);
  expect(found(story)).toEqual([]);
});

test('C3: a hold runs out at its time, not before', () => {
  const early = new Story('f').held('a', 'h1', [0], [10, 20], 3000).held('b', 'h2', [0], [2000, 2500]);
  const timely = new Story('f').held('a', 'h1', [0], [10, 20], 3000).held('b', 'h2', [0], [2990, 3010]);
  expect(found(early)).toHaveLength(1);
  expect(found(timely)).toEqual([]);
});

test('C3: a hold that nobody extends cannot block a seat for ever', () => {
  const soon = new Story('f').held('a', 'h1', [0], [10, 20], 3000).taken('b', [0], [4000, 4010]);
  const late = new Story('f').held('a', 'h1', [0], [10, 20], 3000).taken('b', [0], [9000, 9010]);
  expect(found(soon)).toEqual([]);
  expect(found(late)).toHaveLength(1);
});

test('C3: an extended hold has its new time', () => {
  const extension = { holdId: 'h1', seats: [0], value: { holdId: 'h1', seats: [0], expiresAt: 6000 } };
  const story = () =>
    new Story('f').held('a', 'h1', [0], [10, 20], 3000).tell('a', 'extend', 'ok', [2500, 2510], extension);
  expect(found(story().taken('b', [0], [5500, 5510]))).toEqual([]);
  expect(found(story().held('b', 'h2', [0], [5500, 5510]))).toHaveLength(1);
});

test('C3: a refusal that names a seat which is free', () => {
  expect(found(new Story('f').taken('b', [0], [30, 40]))).toHaveLength(1);
});

test('C3: a refusal that does not name a seat which is held', () => {
  const story = new Story('ff').held('a', 'h1', [0], [10, 20]).held('a', 'h0', [1], [10, 20]);
  expect(found(story.taken('b', [0, 1], [30, 40], [1]))).toHaveLength(1);
});

test('C3: what nobody heard of may have happened, at any time later, or never', () => {
  const unheard = () => new Story('f').unheard('a', 'hold', [10, 20], { seats: [0] });
  expect(found(unheard().taken('b', [0], [2000, 2010]))).toEqual([]);
  expect(found(unheard().held('b', 'h2', [0], [2000, 2010]))).toEqual([]);
  const sale = new Story('s')
    .held('a', 'h1', [0], [10, 20])
    .unheard('a', 'confirm', [30, 10_030], { holdId: 'h1', seats: [0] })
    .stored('h1', [0]);
  expect(found(sale)).toEqual([]);
});

test('C3: a request that was repeated happened once, and counts from the first time it was asked', () => {
  const again = { requestId: 'same', seats: [0] };
  const value = { holdId: 'h1', seats: [0], expiresAt: 9000 };
  const story = new Story('f')
    .unheard('a', 'hold', [10, 20], again)
    .taken('b', [0], [30, 40])
    .tell('a', 'hold', 'ok', [50, 60], { ...again, holdId: 'h1', value });
  expect(found(story)).toEqual([]);
});

test('C3: what was asked again and again in vain may have been done by the first attempt, and have run out since', () => {
  const again = { requestId: 'same', seats: [0] };
  const story = (takenAt: number) =>
    new Story('f')
      .unheard('a', 'hold', [10, 20], again)
      .taken('b', [0], [1000, 1010])
      .unheard('a', 'hold', [2000, 2010], again)
      .held('c', 'h2', [0], [takenAt, takenAt + 10]);
  expect(found(story(3020))).toEqual([]);
  expect(found(story(2900))).toHaveLength(1);
});

test('C3: a sale that PostgreSQL has, of a hold that was released before', () => {
  const story = new Story('s')
    .held('a', 'h1', [0], [10, 20])
    .released('a', 'h1', [0], [30, 40])
    .unheard('a', 'confirm', [50, 60], { holdId: 'h1', seats: [0] })
    .stored('h1', [0]);
  expect(found(story)).toHaveLength(1);
});

test('C3: a Redis that lost its memory may lose holds, but no sale', () => {
  const lost = { faultAt: 100, healedAt: 200, losesHolds: true };
  const hold = new Story('f', lost).held('a', 'h1', [0], [10, 20]).held('b', 'h2', [0], [300, 310]);
  expect(found(hold)).toEqual([]);
  const sale = new Story('f', lost)
    .held('a', 'h1', [0], [10, 20])
    .booked('a', 'h1', [0], [30, 40])
    .held('b', 'h2', [0], [300, 310]);
  expect(found(sale)).toHaveLength(1);
});

test('C3: a hundred buyers of one seat are searched, and too many open ends are given up', () => {
  const busy = new Story('f');
  for (let i = 0; i < 100; i++)
    busy
      .held(`a${i}`, `h${i}`, [0], [i * 100, i * 100 + 50])
      .released(`a${i}`, `h${i}`, [0], [i * 100 + 51, i * 100 + 90]);
  for (let i = 0; i < 20; i++) busy.unheard('b', 'hold', [5000 + i, 5100], { seats: [0] });
  expect(orderOf(stepsOf(0, busy.evidence))).not.toBeTypeOf('object');
  const quiet = new Story('f');
  for (let i = 0; i < 100; i++) quiet.taken(`b${i}`, [0], [20 + i, 200]);
  quiet.held('a', 'h', [0], [5, 10]);
  expect(orderOf(stepsOf(0, quiet.evidence))).toBe('ok');
});
