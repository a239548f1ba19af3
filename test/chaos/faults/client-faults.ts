/** Faults of the clients: cut in the middle, asking fifty times at once, not reading. */
import WebSocket from 'ws';
import type { Booking, Hold } from '../../../src/contracts.gen.ts';
import { askOnce } from '../crowd/ask-once.ts';
import { goodCard } from '../crowd/buyer.ts';
import { Connection } from '../crowd/connection.ts';
import { seatCount } from '../crowd/scene.ts';
import type { History } from '../history.ts';
import type { Random } from '../random.ts';
import { became, pause } from '../stage/wait.ts';
import type { Fault, Ground } from './fault.ts';

export const clientFaults: Fault[] = [
  {
    id: 'F30',
    title: 'buyers cut in the middle of a confirm, who ask again on another node',
    async run({ buyers, random }) {
      const end = performance.now() + random.whole(2500, 4000);
      while (performance.now() < end) {
        for (const buyer of buyers) if (buyer.confirming && random.chance(0.5)) buyer.connection.move();
        await pause(random.whole(2, 15));
      }
    },
  },
  {
    id: 'F31',
    title: 'one confirm asked 50 times at once on three nodes',
    run: fiftyTimes,
  },
  {
    id: 'F32',
    title: 'viewers who do not read, and some who go on asking besides',
    async run({ stage, eventId, random, note }) {
      const urls = stage.nodes.map(({ url }) => url);
      const slow = await Promise.all(
        Array.from({ length: 30 }, (_, i) => watchAndStopReading(urls[i % urls.length] ?? '', eventId)),
      );
      const end = performance.now() + random.whole(4000, 6000);
      while (performance.now() < end) {
        for (const socket of slow.slice(0, 3)) for (let i = 0; i < 100; i++) ask(socket, eventId, i);
        await pause(20);
      }
      for (const socket of slow) socket.resume();
      await became(() => slow.slice(0, 3).every(({ readyState }) => readyState !== WebSocket.OPEN), 2000);
      note(
        `${slow.filter(({ readyState }) => readyState !== WebSocket.OPEN).length} of 30 were disconnected`,
      );
      for (const socket of slow) socket.terminate();
    },
  },
];

async function fiftyTimes(ground: Ground): Promise<void> {
  const { stage, eventId, isPaid, tokens, history, random, violation } = ground;
  const token = tokens.at(-1) as string;
  const urls = stage.nodes.map(({ url }) => url);
  const connections = Array.from({ length: 50 }, (_, i) => new Connection(urls, token, i % urls.length));
  try {
    const ready = await Promise.all(connections.map((each) => each.ready(20_000)));
    if (!ready.every(Boolean)) return violation('not all of 50 sockets of one buyer could be opened');
    const hold = await holdAny(connections[0] as Connection, history, eventId, random);
    if (!hold) return violation('no seat could be held within 15 s');
    if (isPaid && !(await isPaidFor(connections[0] as Connection, history, eventId, hold))) {
      return violation('a hold could not be paid for within 15 s');
    }
    const answers = await Promise.all(
      connections.map((each, i) => decision(each, history, eventId, hold, i)),
    );
    const told = new Set(answers.map(withoutCapture));
    if (told.size !== 1) violation(`50 equal confirms got ${told.size} answers: ${[...told].join(' and ')}`);
    const rows = await stage.postgres.query('select id from bookings where hold_id = $1', [hold.holdId]);
    if (rows.length !== 1) violation(`50 equal confirms made ${rows.length} bookings`);
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** The money is taken after the booking, while the fifty are still being answered. */
const withoutCapture = (booking: Booking | undefined): string =>
  JSON.stringify(booking?.payment ? { ...booking, payment: booking.payment.amountCents } : booking);

async function holdAny(
  connection: Connection,
  history: History,
  eventId: string,
  random: Random,
): Promise<Hold | undefined> {
  const end = performance.now() + 15_000;
  for (let i = 0; performance.now() < end; i++) {
    // In no order, as somebody picks them.
    const first = random.whole(0, seatCount - 3);
    const seats = [first + 2, first, first + 1];
    const requestId = `${eventId}-${i}`;
    const line = { proc: 'fifty', f: 'hold', requestId, seats } as const;
    const { data } = await askOnce(connection, history, line, 'seats:hold', { eventId, seats, requestId });
    if (data) return data.hold;
    await pause(5);
  }
  return undefined;
}

/** From here on the hub books by itself: the fifty race with it as well. */
async function isPaidFor(
  connection: Connection,
  history: History,
  eventId: string,
  { holdId, seats }: Hold,
): Promise<boolean> {
  const requestId = `${holdId}-pay`;
  const request = { eventId, holdId, method: goodCard, requestId };
  const line = { proc: 'fifty', f: 'checkout', requestId, holdId, seats } as const;
  const end = performance.now() + 15_000;
  while (performance.now() < end) {
    const asked = await askOnce(connection, history, line, 'bookings:checkout', request);
    if (asked.decided) return asked.data?.payment.state === 'authorised';
    await pause(50);
  }
  return false;
}

/** One of fifty, each under a request id of its own: what counts is the hold. */
async function decision(
  connection: Connection,
  history: History,
  eventId: string,
  { holdId, seats }: Hold,
  i: number,
): Promise<Booking | undefined> {
  const requestId = `${holdId}-${i}`;
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    await connection.ready(2000);
    const line = { proc: `fifty-${i}`, f: 'confirm', requestId, holdId, seats } as const;
    const asked = await askOnce(connection, history, line, 'bookings:confirm', {
      eventId,
      holdId,
      requestId,
    });
    if (asked.decided) return asked.data?.booking;
    await pause(100);
  }
  return undefined;
}

/** A stock Socket.IO conversation by hand, to be able to stop reading in the middle. */
function watchAndStopReading(url: string, eventId: string): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  socket.on('error', () => undefined);
  return new Promise((resolve) => {
    socket.on('message', (data) => {
      const text = String(data);
      if (text.startsWith('0{')) socket.send('40');
      else if (text.startsWith('40')) {
        ask(socket, eventId, 0);
        socket.pause();
        resolve(socket);
      }
    });
    socket.on('close', () => resolve(socket));
  });
}

function ask(socket: WebSocket, eventId: string, id: number): void {
  if (socket.readyState === WebSocket.OPEN) socket.send(`42${id}["seats:watch",{"eventId":"${eventId}"}]`);
}
