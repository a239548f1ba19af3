/** What the crowd asks the hub over HTTP before it goes in. */
import type { Event, PlansReadReply } from '../../src/contracts.gen.ts';
import type { SeatingPlan } from '../../src/seating/plan.ts';
import { type PlanWire, planFromWire } from '../../src/seating/plan-wire.ts';
import { CrowdError } from './options.ts';

const timeoutMs = 10_000;
/** A node that does not say within this time that it lives is not there. */
const livenessMs = 2000;

export interface Answer<T> {
  status: number;
  retryAfterMs: number;
  body: T;
}

/** Asks once. Answers whatever the status; rejects only when nothing answers. */
export async function ask<T>(
  url: string,
  options: { post?: object; token?: string; timeoutMs?: number } = {},
): Promise<Answer<T>> {
  const headers: Record<string, string> = options.token ? { authorization: `Bearer ${options.token}` } : {};
  const init: RequestInit = { headers, signal: AbortSignal.timeout(options.timeoutMs ?? timeoutMs) };
  if (options.post) {
    init.method = 'POST';
    init.body = JSON.stringify(options.post);
    headers['content-type'] = 'application/json';
  }
  const response = await fetch(url, init);
  const body = (await response.json().catch(() => ({}))) as T;
  return { status: response.status, retryAfterMs: 1000 * Number(response.headers.get('retry-after')), body };
}

const lives = (url: string): Promise<boolean> =>
  ask(`${url}/health/live`, { timeoutMs: livenessMs }).then(
    ({ status }) => status === 200,
    () => false,
  );

/** The nodes to connect to. All that were named must answer; of the usual ones those that do. */
export async function findNodes(named: string[] | undefined): Promise<string[]> {
  const urls = named ?? ['http://localhost:3000', 'http://localhost:3001'];
  const alive = await Promise.all(urls.map(lives));
  const missing = urls.filter((_, i) => !alive[i]);
  if (named && missing.length > 0) throw new CrowdError(`No hub answers at ${missing.join(' and ')}.`);
  const nodes = urls.filter((_, i) => alive[i]);
  if (nodes.length === 0) {
    throw new CrowdError(
      'No hub answers at http://localhost:3000. Start one with npm start, or name it with --url.',
    );
  }
  return nodes;
}

/** The event that was asked for, or the largest one on sale, with its plan. */
export async function findEvent(
  node: string,
  eventId: string | undefined,
): Promise<{ event: Event; plan: SeatingPlan }> {
  const event = eventId ? await readEvent(node, eventId) : await largestEvent(node);
  const { body } = await ask<PlansReadReply>(`${node}/api/v1/seating-plans/${event.planId}`);
  return { event, plan: planFromWire(body.plan as PlanWire) };
}

const isOnSale = (event: Event): boolean =>
  event.status === 'published' && Date.parse(event.startsAt) > Date.now();

const isPaid = ({ rules }: Event): boolean => rules.payment === 'online';

async function readEvent(node: string, eventId: string): Promise<Event> {
  const { status, body } = await ask<Event>(`${node}/api/v1/events/${encodeURIComponent(eventId)}`);
  if (status !== 200) throw new CrowdError(`There is no event ${eventId} at ${node}.`);
  if (!isOnSale(body)) throw new CrowdError(`"${body.title}" is not on sale.`);
  if (isPaid(body)) throw new CrowdError(`"${body.title}" is paid online, and the crowd has no cards.`);
  return body;
}

async function largestEvent(node: string): Promise<Event> {
  const { body } = await ask<{ events?: Event[] }>(`${node}/api/v1/events?limit=100`);
  const [largest] = (body.events ?? [])
    .filter((event) => isOnSale(event) && !isPaid(event))
    .sort((a, b) => b.seatCount - a.seatCount);
  if (!largest) throw new CrowdError(`No event is on sale at ${node} without being paid online.`);
  return largest;
}
