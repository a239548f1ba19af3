/** The hub's HTTP side, for what is read once: events, plans, signing in. */
interface ProblemBody {
  code?: string;
  message?: string;
  title?: string;
  details?: Record<string, unknown>;
}

/** The hub's problem+json, or `unreachable` when no answer came at all. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Record<string, unknown>;

  constructor(status: number, body: ProblemBody) {
    super(body.message ?? body.title ?? `The hub answered ${status}.`);
    this.name = 'Problem';
    this.status = status;
    this.code = body.code ?? 'unknown';
    this.details = body.details ?? {};
  }
}

/** @throws Problem */
export async function api<Reply>(
  path: string,
  options: { method?: 'DELETE'; post?: unknown; token?: string } = {},
): Promise<Reply> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (options.token) headers['authorization'] = `Bearer ${options.token}`;
  const init: RequestInit = { headers, ...(options.method ? { method: options.method } : {}) };
  if (options.post !== undefined) {
    headers['content-type'] = 'application/json';
    init.method = 'POST';
    init.body = JSON.stringify(options.post);
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Problem(0, { code: 'unreachable', message: 'The hub cannot be reached right now.' });
  }
  const body: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body as ProblemBody);
  return body as Reply;
}
