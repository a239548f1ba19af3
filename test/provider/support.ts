/** Providers for tests: servers of the loopback that answer what a test wants, and feeds made of parts. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { atEnd } from '../support/at-end.ts';
import type { ProviderRun, ProviderStatusReply } from '../../src/contracts.gen.ts';
import { FeedFailure, type FeedFailureCode } from '../../src/provider/feed-failure.ts';
import { defaultFeedLimits, type FeedLimits } from '../../src/provider/feed-limits.ts';
import { call, node } from '../channels/support.ts';
import { until } from '../support/client.ts';
import type { TestHubs, TestUser } from '../support/hub.ts';

export interface FeedServer {
  readonly url: string;
  readonly port: number;
  /** How often it was asked. */
  asked: number;
  /** Connections it has seen, whatever came over them. */
  connections: number;
  answer: RequestListener;
}

/** A server of one address of the loopback. What it answers can be changed at any time. */
export async function startFeedServer(
  answer: RequestListener = (_request, response) => response.end(feedOf(entry())),
  host = '127.0.0.1',
  port = 0,
): Promise<FeedServer> {
  const server = createServer((request, response) => {
    feedServer.asked++;
    // Whoever is cut off while it writes must not end the tests.
    response.on('error', () => undefined);
    feedServer.answer(request, response);
  });
  server.on('connection', () => feedServer.connections++);
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(port, host, () => resolve()),
  );
  const address = server.address() as AddressInfo;
  const feedServer: FeedServer = {
    url: `http://${host}:${address.port}/events.xml`,
    port: address.port,
    asked: 0,
    connections: 0,
    answer,
  };
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return feedServer;
}

export const send =
  (status: number, body: string | Uint8Array = '', headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

export interface EntryParts {
  baseId?: string;
  id?: string;
  title?: string;
  mode?: string;
  start?: string;
  end?: string;
  zones?: string;
}

export const entry = (parts: EntryParts = {}): string => {
  const { baseId = '1', id = '1', title = 'An evening', mode = 'online' } = parts;
  const { start = '2030-05-01T20:00:00', end = '2030-05-01T22:00:00' } = parts;
  const zones =
    parts.zones ?? '<zone zone_id="1" capacity="10" price="20.00" name="Stalls" numbered="true"/>';
  return `<base_event base_event_id="${baseId}" sell_mode="${mode}" title="${title}"><event event_id="${id}" event_start_date="${start}" event_end_date="${end}">${zones}</event></base_event>`;
};

export const feedOf = (...entries: string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?><eventList version="1.0"><output>${entries.join('')}</output></eventList>`;

/** Impatient enough for tests, patient enough for a loaded machine. */
export const limitsOf = (limits: Partial<FeedLimits> = {}): FeedLimits => ({
  ...defaultFeedLimits,
  pauseMs: 10,
  maxPauseMs: 20,
  ...limits,
});

export async function expectFailure(work: () => unknown, code: FeedFailureCode): Promise<FeedFailure> {
  let failure: unknown;
  try {
    await work();
  } catch (error) {
    failure = error;
  }
  expect(failure).toBeInstanceOf(FeedFailure);
  expect((failure as FeedFailure).code, (failure as FeedFailure).message).toBe(code);
  return failure as FeedFailure;
}

export const statusOf = (hubs: TestHubs, admin: TestUser): Promise<ProviderStatusReply> =>
  call(node(hubs), 'provider:status', { limit: 100 }, admin);

/** The first sync that ends after this number of them, and was not there before. */
export async function runAfter(hubs: TestHubs, admin: TestUser, before: number): Promise<ProviderRun> {
  let found: ProviderRun | undefined;
  await until(async () => {
    const { runs } = await statusOf(hubs, admin);
    found = runs.findLast(({ id, state }) => Number(id) > before && state !== 'running');
    return found !== undefined;
  }, 'a sync to end');
  return found as ProviderRun;
}

/** Asks for a sync, and answers how it went. */
export async function sync(hubs: TestHubs, admin: TestUser): Promise<ProviderRun> {
  const { runs } = await statusOf(hubs, admin);
  await call(node(hubs), 'provider:sync', {}, admin);
  return runAfter(hubs, admin, Number(runs[0]?.id ?? 0));
}

/** What a search of all times finds. */
export async function everything(hubs: TestHubs) {
  const range = { starts_at: '1900-01-01T00:00:00Z', ends_at: '2900-01-01T00:00:00Z' };
  return (await call(node(hubs), 'provider:search', range)).data.events;
}
