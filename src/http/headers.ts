/** What every answer says to browsers beside its content. */

/** No page of ours uses any of these; what is embedded here cannot either. */
const permissions = [
  'accelerometer',
  'browsing-topics',
  'camera',
  'display-capture',
  'geolocation',
  'gyroscope',
  'magnetometer',
  'microphone',
  'midi',
  'payment',
  'usb',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

const always: readonly (readonly [name: string, value: string])[] = [
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['permissions-policy', permissions],
  ['cross-origin-resource-policy', 'same-origin'],
  // For what is no page and is opened as one: problems, downloads.
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
];

/** A year. Subdomains are not ours to speak for. */
const strictTransport = 'max-age=31536000';

/** Adds what an answer does not say by itself. @param secure the client reached us over TLS */
export function secureHeaders(headers: Headers, secure: boolean): void {
  for (const [name, value] of always) if (!headers.has(name)) headers.set(name, value);
  if (secure) headers.set('strict-transport-security', strictTransport);
}

/** What pages of the origins we allow may send, and may read of our answers. Tokens are sent by hand: no credentials. */
const sendable = 'Authorization, Content-Type, Idempotency-Key, If-None-Match, Traceparent, X-Request-Id';
const readable =
  'Content-Disposition, ETag, Location, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id';
/** Browsers keep the answer to a preflight for so long, in seconds. */
const preflightTtl = '600';

/** Lets a page of an allowed origin read the answer; pages of others read nothing. */
export function corsHeaders(headers: Headers, origin: string | null, allowed: ReadonlySet<string>): void {
  headers.append('vary', 'Origin');
  if (origin === null || !allowed.has(origin)) return;
  headers.set('access-control-allow-origin', origin);
  headers.set('access-control-expose-headers', readable);
}

/** The answer to the question a browser asks before it lets a page send something. */
export function preflightHeaders(headers: Headers, methods: readonly string[]): void {
  if (!headers.has('access-control-allow-origin')) return;
  headers.set('access-control-allow-methods', methods.join(', '));
  headers.set('access-control-allow-headers', sendable);
  headers.set('access-control-max-age', preflightTtl);
  headers.delete('access-control-expose-headers');
}
