import { errors, type RequestError } from '../errors.ts';

/** An error of the catalogue as problem+json (RFC 9457): status, headers and body of its answer. */
export function problemParts(error: RequestError): {
  status: number;
  headers: Record<string, string>;
  body: string;
} {
  const wire = error.toWire();
  const { status, message: title } = errors[error.code];
  const body = JSON.stringify({
    type: `/docs/http#error-${wire.code}`,
    title,
    status,
    detail: wire.message,
    ...wire,
  });
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  };
  const retryAfterMs = error.details?.retryAfterMs;
  if (typeof retryAfterMs === 'number') headers['retry-after'] = String(Math.ceil(retryAfterMs / 1000));
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  if (Array.isArray(error.details?.allowed) && status === 405)
    headers.allow = error.details.allowed.join(', ');
  return { status, headers, body };
}

export function problem(error: RequestError): Response {
  const { status, headers, body } = problemParts(error);
  return new Response(body, { status, headers });
}
