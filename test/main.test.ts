import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { TestClient, until } from './support/client.ts';

/** `npm start` as it is, in processes of its own, over the services of this run. */
const database = `seatcast_test_${randomBytes(6).toString('hex')}`;
const children: ChildProcess[] = [];
const environment: Record<string, string> = {};

async function admin(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: inject('databaseUrl') });
  await client.connect();
  await client.query(statement);
  await client.end();
}

beforeAll(async () => {
  await admin(`create database ${database}`);
  const url = new URL(inject('databaseUrl'));
  url.pathname = `/${database}`;
  Object.assign(environment, {
    DATABASE_URL: url.href,
    REDIS_URL: inject('redisUrl'),
    REDIS_PREFIX: database.replaceAll('_', '-'),
    DATA_DIR: '.data/test-main',
    LOG_LEVEL: 'info',
  });
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await admin(`drop database if exists ${database} with (force)`);
});

interface Started {
  child: ChildProcess;
  output: () => string;
  exited: Promise<number | null>;
}

function start(args: string[], more: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'src/main.ts', ...args], {
    env: { PATH: process.env.PATH, ...environment, ...more },
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  return { child, output: () => text, exited: new Promise((resolve) => child.once('exit', resolve)) };
}

/** Two free ports next to each other, below those that the system gives to outgoing connections. */
async function twoPorts(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Waits for the start, and shows what was printed if it does not come. */
async function untilStarted({ output }: Started): Promise<void> {
  await until(() => output().includes('Demo accounts'), 'the start', 40_000).catch((error: Error) => {
    throw new Error(`${error.message}:\n${output()}`);
  });
}

const isReady = (port: number) =>
  fetch(`http://127.0.0.1:${port}/health/ready`).then(
    (response) => response.ok,
    () => false,
  );

test('two nodes with demo data; SIGTERM tells the clients and ends with 0', async () => {
  const port = await twoPorts();
  const started = start(['--nodes', '2'], { PORT: String(port) });
  const { child, exited } = started;
  await untilStarted(started);
  const { events } = (await (await fetch(`http://127.0.0.1:${port}/api/v1/events`)).json()) as {
    events: { id: string; seatCount: number }[];
  };
  expect(events.map((event) => event.seatCount).sort((a, b) => a - b)).toEqual([140, 1222, 1941]);
  const range = 'starts_at=2021-01-01T00:00:00Z&ends_at=2021-12-31T00:00:00Z';
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${port + 1}/api/v1/search?${range}`);
    const { data } = (await response.json()) as { data: { events: { title: string }[] } };
    return data.events.map(({ title }) => title).join() === 'Camela en concierto,Los Morancos';
  }, 'the events of the demo provider');
  const clients = [0, 1].map((i) => new TestClient([`http://127.0.0.1:${port + i}`]));
  await Promise.all(clients.map((client) => client.ready()));
  const told = clients.map((client) => client.next('server:disconnected'));
  child.kill('SIGTERM');
  for (const { code, reconnect } of await Promise.all(told)) {
    expect({ code, reconnect }).toEqual({ code: 'server-draining', reconnect: 'now' });
  }
  expect(await exited).toBe(0);
  // The last line of each process says that it ended in order: two nodes and their parent.
  expect(started.output().match(/ stopped$/gm)).toHaveLength(3);
  for (const client of clients) client.close();
}, 90_000);

test('[GUARD-2] a node that is killed is started again, and its clients come back by themselves', async () => {
  const port = await twoPorts();
  const started = start(['--nodes', '2'], { PORT: String(port) });
  const { child, output } = started;
  await untilStarted(started);
  const { events } = (await (await fetch(`http://127.0.0.1:${port}/api/v1/events`)).json()) as {
    events: { id: string }[];
  };
  const client = new TestClient([`http://127.0.0.1:${port + 1}`, `http://127.0.0.1:${port}`]);
  const map = await (await client.ready()).watching(events[0]?.id as string);
  const pid = new RegExp(`:${port + 1} \\(process (\\d+)\\)`).exec(output())?.[1];
  process.kill(Number(pid), 'SIGKILL');
  await until(() => !map.fresh, 'the client to notice');
  await until(() => map.fresh, 'the client to be back, on whichever node');
  await until(() => isReady(port + 1), 'the node to be back', 20_000);
  child.kill('SIGTERM');
  client.close();
}, 90_000);

test('a wrong variable stops the start with one sentence', async () => {
  const { output, exited } = start([], { PORT: 'eighty' });
  expect(await exited).toBe(1);
  expect(output()).toMatch(
    /^Seatcast cannot start: PORT is "eighty", but it must be a whole number from 0 to 65535/,
  );
  expect(output().trim().split('\n')).toHaveLength(1);
});

test('production does not start without its secrets', async () => {
  const { output, exited } = start([], { NODE_ENV: 'production' });
  expect(await exited).toBe(1);
  expect(output()).toMatch(/^Seatcast cannot start: JWT_KEYS is not set, and production has no default/);
});

test('[GUARD-8] what nobody caught: the node stops listening, tells its clients, and ends with 1', async () => {
  const port = await twoPorts();
  const boom = 'process.on("SIGUSR2", () => Promise.reject(new Error("boom")))';
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(boom)}`;
  const started = start([], { PORT: String(port), NODE_OPTIONS });
  await untilStarted(started);
  const client = await new TestClient([`http://127.0.0.1:${port}`]).ready();
  const told = client.next('server:disconnected');
  started.child.kill('SIGUSR2');
  expect((await told).code).toBe('server-draining');
  expect(await started.exited).toBe(1);
  expect(started.output()).toContain('something was not caught');
  client.close();
}, 60_000);

test('a PostgreSQL that may lose what it has committed is refused', async () => {
  await admin(`alter database ${database} set synchronous_commit = off`);
  const { output, exited } = start([]);
  expect(await exited).toBe(1);
  expect(output()).toContain('has synchronous_commit = off: a booking could be lost');
  await admin(`alter database ${database} reset synchronous_commit`);
}, 60_000);
