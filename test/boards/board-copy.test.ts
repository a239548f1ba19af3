import { expect, test } from 'vitest';
import { BoardCopy } from '../../src/client/board-copy.ts';
import type { SeatcastClient } from '../../src/client/client.ts';
import { Emitter } from '../../src/client/emitter.ts';
import type { Board, KioskAliveReply, KioskWatchReply, Tells } from '../../src/contracts.gen.ts';
import { until } from '../support/client.ts';

const board = (position: number, name: string, epoch = 'AAAAAAAA'): Board => ({
  venueId: 'venue',
  name,
  city: '',
  timeZone: 'UTC',
  epoch,
  position,
  events: [],
  announcements: [],
  perPage: 6,
  pages: 1,
  pageMs: 12_000,
  now: 1_800_000_000_000,
});

type Said = Tells & { state: string };

/** The hub's side of the conversation: what it answers is said by the test. */
class Line extends Emitter<Said> {
  state = 'connected';
  readonly waiting: ((reply: KioskWatchReply) => void)[] = [];
  alive: KioskAliveReply['board'] = null;
  listeners = 0;

  override on<E extends keyof Said>(event: E, listener: (data: Said[E]) => void): () => void {
    this.listeners++;
    const off = super.on(event, listener);
    return () => {
      this.listeners--;
      off();
    };
  }

  request(name: string): Promise<unknown> {
    if (name === 'kiosk:alive') return Promise.resolve({ now: 1, version: '1', board: this.alive });
    return new Promise((resolve) => this.waiting.push(resolve as (reply: KioskWatchReply) => void));
  }

  tell(next: Board): void {
    this.emit('kiosk:board', next);
  }

  assign(): void {
    this.emit('kiosk:assigned', { venueId: 'venue', name: 'Foyer' });
  }

  async answer(next: Board): Promise<void> {
    await until(() => this.waiting.length > 0, 'the board to be asked for');
    this.waiting.shift()?.({ board: next, version: '1' });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function begin() {
  const line = new Line();
  return { line, copy: new BoardCopy(line as unknown as SeatcastClient) };
}

test('[KIOSK-9] what overtakes the answer is not lost, and what it repeats does no harm', async () => {
  const { line, copy } = begin();
  line.tell(board(4, 'in the answer'));
  line.tell(board(6, 'newer'));
  await line.answer(board(5, 'the answer'));
  expect(copy.board).toMatchObject({ position: 6, name: 'newer' });
  line.tell(board(6, 'again'));
  line.tell(board(3, 'old'));
  expect(copy.board?.name).toBe('newer');
  expect([copy.counts.gaps, line.waiting.length]).toEqual([0, 0]);
  copy.close();
});

test('[KIOSK-9] a tell that is missing shows with the next one, and the whole board is asked for', async () => {
  const { line, copy } = begin();
  await line.answer(board(5, 'first'));
  line.tell(board(7, 'after a hole'));
  expect(copy.board?.name).toBe('first');
  await line.answer(board(7, 'whole'));
  expect([copy.board?.name, copy.counts.gaps]).toEqual(['whole', 1]);
  line.tell(board(1, 'of another life', 'BBBBBBBB'));
  await line.answer(board(1, 'the other life', 'BBBBBBBB'));
  expect(copy.board).toMatchObject({ name: 'the other life', epoch: 'BBBBBBBB' });
  copy.close();
});

test('[KIOSK-9] a last tell that was lost shows with the next sign of life', async () => {
  const { line, copy } = begin();
  await line.answer(board(5, 'first'));
  line.alive = { epoch: 'AAAAAAAA', position: 5 };
  await copy.alive();
  expect(line.waiting).toHaveLength(0);
  line.alive = { epoch: 'AAAAAAAA', position: 6 };
  await copy.alive();
  await line.answer(board(6, 'whole'));
  line.alive = null;
  await copy.alive();
  await line.answer(board(6, 'watched again'));
  expect([copy.board?.name, copy.counts.gaps]).toEqual(['watched again', 2]);
  copy.close();
});

test('[KIOSK-10] a copy that is closed listens to nothing any more', async () => {
  const { line, copy } = begin();
  await line.answer(board(5, 'first'));
  expect(line.listeners).toBeGreaterThan(0);
  copy.close();
  expect(line.listeners).toBe(0);
  expect(copy.fresh).toBe(false);
});

test('[KIOSK-10] a copy that is closed while its board is on the way asks for no other', async () => {
  const { line, copy } = begin();
  line.assign();
  copy.close();
  await line.answer(board(5, 'late'));
  expect([line.waiting.length, copy.board]).toEqual([0, undefined]);
});
