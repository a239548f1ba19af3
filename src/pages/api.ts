/** The hub's HTTP side, for what is read once: events, plans, signing in. */
import type { WireError } from '../errors.ts';

interface ProblemBody {
  code?: string;
  message?: string;
  title?: string;
  retry?: WireError['retry'];
  details?: Record<string, unknown>;
}

/** The hub's problem+json, or `unreachable` when no answer came at all. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly retry: WireError['retry'];
  readonly details: Record<string, unknown>;

  constructor(status: number, body: ProblemBody) {
    super(body.message ?? body.title ?? `The hub answered ${status}.`);
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? 'unknown';
    // Without words of the hub it is something in between that has no connection to it.
    this.retry = body.retry ?? (status === 0 || status >= 500 ? 'later' : 'never');
    this.details = body.details ?? {};
  }
}

export interface ApiOptions {
  post?: unknown;
  patch?: unknown;
  remove?: boolean;
  token?: string;
  key?: string;
}

/** @throws Problem */
export async function api<Reply>(path: string, options: ApiOptions = {}): Promise<Reply> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (options.token) headers['authorization'] = `Bearer ${options.token}`;
  // Under the same key nothing is done twice, so it may be asked again when no answer came.
  if (options.key) headers['idempotency-key'] = options.key;
  const init: RequestInit = { headers };
  const body = options.post ?? options.patch;
  if (body !== undefined) {
    headers['content-type'] = 'application/json';
    init.method = options.post === undefined ? 'PATCH' : 'POST';
    init.body = JSON.stringify(body);
  } else if (options.remove) init.method = 'DELETE';
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Problem(0, { code: 'unreachable', message: 'The hub cannot be reached right now.' });
  }
  const answer: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer as ProblemBody);
  return answer as Reply;
}
