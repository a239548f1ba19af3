/** Receivers of what the hub sends out: a server for mail, and servers of the loopback for webhooks and web push. */
import { createServer as createHttp, type IncomingHttpHeaders } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { Config } from '../../src/config.ts';
import type { Delivery, Webhook } from '../../src/contracts.gen.ts';
import type { DeliveryTimings } from '../../src/deliveries/delivery-timings.ts';
import { call, node } from '../channels/support.ts';
import { atEnd } from '../support/at-end.ts';
import { until } from '../support/client.ts';
import { startTestHubs, type TestHubs, type TestUser } from '../support/hub.ts';

/** Impatient, but for what a loaded machine takes its time for. */
export const timings: Partial<DeliveryTimings> = {
  firstPauseMs: 20,
  backoff: 1.5,
  longestPauseMs: 200,
  sweepMs: 100,
  lateMs: 100,
  restMs: 200,
  longestRestMs: 400,
};

export const loopback = '127.0.0.0/8';

/** Nodes that may send to this machine. */
export const startSending = (
  nodes = 1,
  config: Partial<Config> = {},
  more: Partial<DeliveryTimings> = {},
  services: Parameters<typeof startTestHubs>[2] = {},
): Promise<TestHubs> =>
  startTestHubs(
    nodes,
    { webhookNetworks: [loopback], patience: { deliveries: { ...timings, ...more } }, ...config },
    services,
  );

export interface MailServer {
  readonly url: string;
  readonly mails: (Email & { raw: string; recipients: string[] })[];
  /** Whether the n-th mail, from 1, is refused for now, or for good. */
  refuse: (attempt: number) => 'later' | 'never' | undefined;
  attempts: number;
}

export async function startMailServer(): Promise<MailServer> {
  const mailServer: MailServer = { url: '', mails: [], refuse: () => undefined, attempts: 0 };
  const refusals = { later: [451, 'try again later'], never: [550, 'no such mailbox'] } as const;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo(_address, _session, done) {
      const refusal = mailServer.refuse(++mailServer.attempts);
      if (!refusal) return done();
      const [responseCode, text] = refusals[refusal];
      done(Object.assign(new Error(text), { responseCode }));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks);
        PostalMime.parse(raw).then((mail) => {
          const recipients = session.envelope.rcptTo.map(({ address }) => address);
          mailServer.mails.push({ ...mail, raw: raw.toString(), recipients });
          done();
        }, done);
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  atEnd(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return Object.assign(mailServer, { url: `smtp://127.0.0.1:${port}` });
}

export const mailFrom = 'Seatcast <tickets@seatcast.example>';

export interface Posted {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly posted: Posted[];
  connections: number;
  /** What the n-th request, from 1, is answered. */
  answer: (
    attempt: number,
    posted: Posted,
  ) => { status: number; headers?: Record<string, string>; body?: string } | Promise<never>;
}

/** @param tls key and certificate: it speaks HTTPS */
export async function startReceiver(
  host = '127.0.0.1',
  tls?: { key: string; cert: string },
): Promise<Receiver> {
  const handle: Parameters<typeof createHttp>[1] = (request, response) => {
    const chunks: Buffer[] = [];
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const { method = '', url: path = '', headers } = request;
      const posted = { method, path, headers, body: Buffer.concat(chunks) };
      receiver.posted.push(posted);
      const { status, headers: more = {}, body } = await receiver.answer(receiver.posted.length, posted);
      response.writeHead(status, more).end(body);
    });
  };
  const server = tls ? createHttps(tls, handle) : createHttp(handle);
  const receiver = { posted: [], connections: 0, answer: () => ({ status: 204 }) } as unknown as Receiver;
  server.on('connection', () => receiver.connections++);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, host, () => resolve()));
  const { port } = server.address() as AddressInfo;
  const shown = host.includes(':') ? `[${host}]` : host;
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(receiver, { url: `${tls ? 'https' : 'http'}://${shown}:${port}/hook`, port });
}

export const never = (): Promise<never> => new Promise(() => undefined);

let keys = 0;

/** Tells a user something, as the parts of the hub do that have something to tell. @returns the notification's id */
export async function notify(
  hubs: TestHubs,
  user: { id: string },
  kind: string,
  eventId: string | null = null,
  payload: object = {},
): Promise<string> {
  const [made] = await hubs.sql<{ id: string }>(
    `select id from make_notifications(array[$1::uuid], array[$2::text], array[$3::text], array[$4::uuid], array[$5::jsonb])`,
    [user.id, kind, `test-${++keys}`, eventId, JSON.stringify(payload)],
  );
  if (!made) throw new Error('nothing was made');
  return made.id;
}

/** A webhook of an organizer. @returns what `webhooks:create` answers */
export const hook = (
  hubs: TestHubs,
  user: TestUser,
  url: string,
  types: string[] = [],
): Promise<{ webhook: Webhook; secret: string }> => call(node(hubs), 'webhooks:create', { url, types }, user);

export async function deliveriesOf(hubs: TestHubs, source?: string): Promise<Delivery[]> {
  const admin = await hubs.user('admin');
  const { deliveries } = await call(node(hubs), 'deliveries:list', { limit: 100 }, admin);
  return deliveries.filter((each) => source === undefined || each.source === source);
}

/** Has a delivery that failed wait, so that none of its attempts is under way. @returns what makes it due */
export async function putOff(hubs: TestHubs, source: string): Promise<() => Promise<unknown>> {
  await until(async () => {
    const put = await hubs.sql(
      `update deliveries set next_at = now() + interval '1 hour'
      where source = $1 and state = 'waiting' and attempts > 0 returning id`,
      [source],
    );
    return put.length > 0;
  }, `the delivery of ${source} to fail`);
  return () => hubs.sql('update deliveries set next_at = now() where source = $1', [source]);
}

/** The one delivery of something, once it is in a state. */
export async function untilDelivery(
  hubs: TestHubs,
  source: string,
  state: Delivery['state'],
): Promise<Delivery> {
  let found: Delivery | undefined;
  await until(async () => {
    [found] = await deliveriesOf(hubs, source);
    return found?.state === state;
  }, `the delivery of ${source} to be ${state}`);
  return found as Delivery;
}
