/** Faults of the clients: cut in the middle, asking fifty times at once, not reading. */
import WebSocket from 'ws';
import type { Messages } from '../../../src/contracts.gen.ts';
import { type Answer, Connection } from '../crowd/connection.ts';
import { became, pause } from '../stage/wait.ts';
import type { Fault, Ground } from './fault.ts';

type Hold = Messages['seats:hold']['reply']['hold'];

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
    title: 'viewers who do not read',
    async run({ stage, eventId, random, note }) {
      const slow = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          watchAndStopReading(stage.nodes[i % stage.nodes.length]?.url ?? '', eventId),
        ),
      );
      await pause(random.whole(3000, 5000));
      for (const socket of slow) socket.resume();
      await became(() => slow.every((socket) => socket.readyState !== WebSocket.OPEN), 500);
      note(
        `${slow.filter((socket) => socket.readyState !== WebSocket.OPEN).length} of ${slow.length} were disconnected`,
      );
      for (const socket of slow) socket.terminate();
    },
  },
];

async function fiftyTimes({ stage, eventId, tokens, random, violation, note }: Ground): Promise<void> {
  const token = tokens.at(-1) as string;
  const urls = stage.nodes.map(({ url }) => url);
  const connections = Array.from({ length: 50 }, (_, i) => new Connection(urls, token, i % urls.length));
  try {
    const ready = await Promise.all(connections.map((each) => each.ready(10_000)));
    if (!ready.every(Boolean)) return violation('not all of 50 sockets of one buyer could be opened');
    const hold = await holdAny(connections[0] as Connection, eventId, random.next());
    if (!hold) return note('no seat was left to hold');
    const answers = await Promise.all(connections.map((each) => untilDecided(each, eventId, hold.holdId)));
    const told = new Set(
      answers.map((answer) => JSON.stringify(answer?.type === 'ok' ? answer.data.booking : answer)),
    );
    if (told.size !== 1) violation(`50 equal confirms got ${told.size} answers: ${[...told].join(' and ')}`);
    const rows = await stage.postgres.query('select id from bookings where hold_id = $1', [hold.holdId]);
    if (rows.length !== 1) violation(`50 equal confirms made ${rows.length} bookings`);
  } finally {
    for (const connection of connections) connection.close();
  }
}

async function holdAny(connection: Connection, eventId: string, from: number): Promise<Hold | undefined> {
  for (let seat = 0; seat < 60; seat++) {
    const answer = await connection.ask('seats:hold', {
      eventId,
      seats: [(seat + Math.floor(from * 60)) % 60],
      requestId: `fifty-${from}-${seat}`,
    });
    if (answer.type === 'ok') return answer.data.hold;
  }
  return undefined;
}

async function untilDecided(
  connection: Connection,
  eventId: string,
  holdId: string,
): Promise<Answer<'bookings:confirm'> | undefined> {
  const end = performance.now() + 20_000;
  while (performance.now() < end) {
    const requestId = `fifty-${holdId}`;
    const answer = await connection.ask('bookings:confirm', { eventId, holdId, requestId });
    if (answer.type === 'ok' || (answer.type === 'refused' && answer.error.retry !== 'later')) return answer;
    await pause(100);
    await connection.ready(2000);
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
        for (let i = 0; i < 50; i++) socket.send(`42${i}["seats:watch",{"eventId":"${eventId}"}]`);
        socket.pause();
        resolve(socket);
      }
    });
    socket.on('close', () => resolve(socket));
  });
}
