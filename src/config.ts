/**
 * Configuration from the environment: read once, checked by ajv. A wrong value stops the start with the
 * variable's name, what was found and what is allowed. Secrets have no default in production.
 */
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { S3Access } from './attachments/file-store.ts';
import type { DeliveryTimings } from './deliveries/delivery-timings.ts';
import type { StreamLimits } from './domain-events/event-stream.ts';
import type { BoardTimings } from './boards/board.ts';
import type { MailSettings } from './mail/open-mailer.ts';
import type { Guard } from './payments/guarded.ts';
import type { SagaTimings } from './payments/saga-timings.ts';
import type { PushKeys } from './push/push-channel.ts';
import { clusterPattern } from './redis/address.ts';
import { isNetwork } from './provider/addresses.ts';
import type { FeedLimits } from './provider/feed-limits.ts';
import type { ProviderSettings } from './provider/provider-feed.ts';

interface Variable {
  readonly schema: Record<string, unknown>;
  /** Used when the variable is not set; in production `production` if given. */
  readonly default?: string | number | boolean;
  readonly production?: string | number | boolean;
  readonly requiredInProduction?: true;
  readonly secret?: true;
  readonly about: string;
}

const port = { type: 'integer', minimum: 0, maximum: 65535 };
const count = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum });
const url = (...schemes: string[]) => ({ type: 'string', pattern: `^(${schemes.join('|')})://.` });

const networksPattern = '^[0-9a-fA-F.:]+/\\d+(,[0-9a-fA-F.:]+/\\d+)*$';

/** Every variable the hub reads; the README's table is checked against it. */
export const variables = {
  NODE_ENV: {
    schema: { enum: ['development', 'production', 'test'] },
    default: 'development',
    about: 'production: no secret has a default, no demo accounts, JSON logs.',
  },
  HOST: { schema: { type: 'string', minLength: 1 }, default: '127.0.0.1', about: 'Address to listen on.' },
  PORT: {
    schema: port,
    default: 3000,
    about: 'Port of the first node; node n listens on PORT + n - 1. 0: any free port.',
  },
  DATABASE_URL: {
    schema: url('postgres', 'postgresql'),
    requiredInProduction: true,
    secret: true,
    about: 'PostgreSQL 15 or newer. Not set: an embedded one, data in DATA_DIR.',
  },
  REDIS_URL: {
    schema: { type: 'string', pattern: `${url('redis', 'rediss').pattern}|${clusterPattern}` },
    requiredInProduction: true,
    secret: true,
    about:
      'Redis 7 or newer: redis://…, or a Redis Cluster: redis-cluster://user:password@host:port,host:port. Not set: an embedded one, data in DATA_DIR.',
  },
  REDIS_SERVER: {
    schema: { type: 'string', minLength: 1 },
    about: 'Path of the redis-server for the embedded Redis.',
  },
  REDIS_TIMEOUT_MS: {
    schema: count(50, 10000),
    default: 500,
    about: 'After how long without an answer a command to Redis is given up, and its request refused.',
  },
  REDIS_PREFIX: {
    schema: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' },
    default: 'seatcast',
    about: 'First part of every Redis key and channel.',
  },
  DATA_DIR: {
    schema: { type: 'string', minLength: 1 },
    default: '.data',
    about: 'Where the embedded services and the development key keep their files.',
  },
  JWT_KEYS: {
    schema: {
      type: 'string',
      pattern: '^[\\w-]{1,40}:([\\w-]{43,}|@[^,]+)(,[\\w-]{1,40}:([\\w-]{43,}|@[^,]+))*$',
    },
    requiredInProduction: true,
    secret: true,
    about:
      'Keys for tokens, comma separated: kid:secret, secrets of 32 bytes or more as base64url (HS256), or kid:@file with a JWK or PEM, RSA (RS256) or Ed25519 (EdDSA). The first signs, all verify.',
  },
  TOKEN_TTL_S: {
    schema: count(60, 2592000),
    default: 900,
    about: 'How long a token is valid, seconds. It is renewed with a refresh token.',
  },
  REFRESH_TTL_S: {
    schema: count(600, 7776000),
    default: 1209600,
    about:
      'How long a refresh token is valid, seconds: who stays away longer signs in again. So does everybody after 90 days.',
  },
  ALLOWED_ORIGINS: {
    schema: { type: 'string', pattern: '^https?://[^/,]+(,https?://[^/,]+)*$' },
    requiredInProduction: true,
    about:
      'Exact origins whose pages may open a socket and read answers, comma separated. Development: our own addresses.',
  },
  TRUST_PROXY: {
    schema: { type: 'boolean' },
    default: false,
    about: 'Whether X-Forwarded-For is set by a proxy of ours (1) or by anybody (0).',
  },
  LOG_LEVEL: {
    schema: { enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] },
    default: 'info',
    about: 'pino level.',
  },
  TICK_MS: {
    schema: count(10, 1000),
    default: 40,
    about: 'Shortest time between two ticks of an event, so 40 is at most 25 frames a second.',
  },
  CONNECTIONS_PER_ADDRESS: {
    schema: count(1, 1000000),
    default: 20000,
    production: 200,
    about: 'Open sockets from one address, on one node.',
  },
  MESSAGES_PER_SECOND: {
    schema: count(1, 100000),
    default: 20,
    about: 'Message cost one socket may spend a second, three times as much in a burst.',
  },
  USER_MESSAGES_PER_SECOND: {
    schema: count(1, 100000),
    default: 40,
    about: 'The same for all sockets and HTTP requests of one user, on all nodes.',
  },
  ADDRESS_MESSAGES_PER_SECOND: {
    schema: count(1, 1000000),
    default: 20000,
    production: 400,
    about: 'The same for all of one address on one node.',
  },
  HTTP_REQUESTS_PER_SECOND: {
    schema: count(1, 1000000),
    default: 15,
    about:
      'HTTP requests a second of one user, or of one address without a token, for each class of routes, on all nodes.',
  },
  HTTP_BURST: {
    schema: count(1, 1000000),
    default: 10,
    about: 'How many more in a burst, once in five seconds.',
  },
  PAYMENTS: {
    schema: { enum: ['simulated', 'stripe'] },
    default: 'simulated',
    requiredInProduction: true,
    about: 'Who moves the money: stripe, or simulated, which moves none. Production must say which.',
  },
  STRIPE_SECRET_KEY: {
    schema: { type: 'string', pattern: '^(sk|rk)_(test|live)_\\w+$' },
    secret: true,
    about: 'Required with PAYMENTS=stripe: the secret or restricted key of the Stripe account.',
  },
  STRIPE_WEBHOOK_SECRET: {
    schema: { type: 'string', pattern: '^whsec_\\w+$' },
    secret: true,
    about:
      'Required with PAYMENTS=stripe: the signing secret of its webhook endpoint, POST /api/v1/payments/webhook.',
  },
  METRICS_TOKEN: {
    schema: { type: 'string', pattern: '^[\\w.~+/=-]{16,200}$' },
    secret: true,
    about:
      'What Prometheus sends as a bearer token to read /metrics. Not set: open in development, closed in production.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: url('https?'),
    about: 'Where traces go: a collector that speaks OTLP over HTTP. Not set: no traces.',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    schema: { type: 'number', minimum: 0, maximum: 1 },
    default: 1,
    about: 'The part of the traces that is kept, unless the caller has decided.',
  },
  READY_LOOP_LAG_MS: {
    schema: count(100, 60000),
    default: 2000,
    about: 'How late the event loop may be while /health/ready still says yes.',
  },
  READY_OUTBOX_LAG_S: {
    schema: count(10, 86400),
    default: 300,
    about: 'The same for what has to follow a commit.',
  },
  PROVIDER_URL: {
    schema: url('https?'),
    secret: true,
    about:
      'Feed (XML) of a provider whose events are searched with GET /api/v1/search. Not set: none; in development a demo feed.',
  },
  PROVIDER_INTERVAL_S: {
    schema: count(5, 86400),
    default: 300,
    about: 'Seconds between two syncs with the provider, by one node at a time.',
  },
  PROVIDER_TIME_ZONE: {
    schema: { type: 'string', pattern: '^[A-Za-z]+([/_+-][A-Za-z0-9]+)*$' },
    default: 'Europe/Madrid',
    about: 'IANA time zone of the provider, whose feed says times without one.',
  },
  PROVIDER_ALLOWED_NETWORKS: {
    schema: { type: 'string', pattern: networksPattern },
    about:
      'Networks (CIDR, comma separated) the provider may be in although they are private, loopback or link-local.',
  },
  ATTACHMENTS_URL: {
    schema: { type: 'string', pattern: '^https?://[^/?#@]+(/[^?#]*)?$' },
    about:
      'Where files of events are kept: the address of a bucket that speaks S3, https://host/bucket. Not set: DATA_DIR/attachments, which all nodes must share.',
  },
  ATTACHMENTS_REGION: {
    schema: { type: 'string', pattern: '^[a-z0-9-]{1,40}$' },
    default: 'auto',
    about: 'Region of that bucket.',
  },
  ATTACHMENTS_KEY_ID: {
    schema: { type: 'string', pattern: '^[\\w.+/=~-]{1,200}$' },
    about: 'Required with ATTACHMENTS_URL: the id of the access key to the bucket.',
  },
  ATTACHMENTS_SECRET: {
    schema: { type: 'string', pattern: '^[\\w.+/=~-]{16,200}$' },
    secret: true,
    about: 'Required with ATTACHMENTS_URL: the secret of that access key.',
  },
  SMTP_URL: {
    schema: url('smtps?'),
    secret: true,
    about:
      'What mails leave by: smtp://user:password@host:587, or smtps://…:465. Not set: no mails; in development files in DATA_DIR/mail.',
  },
  MAIL_FROM: {
    schema: {
      type: 'string',
      pattern: '^([^<>@,;:"\\x00-\\x1f]{0,100}<[^\\s<>@,;]+@[A-Za-z0-9.-]+>|[^\\s<>@,;]+@[A-Za-z0-9.-]+)$',
      maxLength: 200,
    },
    about:
      'Required with SMTP_URL: whom mails are from, tickets@example.org or Seatcast <tickets@example.org>.',
  },
  WEBHOOK_ALLOWED_NETWORKS: {
    schema: { type: 'string', pattern: networksPattern },
    about:
      'Networks (CIDR, comma separated) that webhooks may be in although they are private, loopback or link-local.',
  },
  VAPID_PUBLIC_KEY: {
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{87}$' },
    about:
      'What push services know this hub by; with the two below, as `npx web-push generate-vapid-keys` makes them. Not set: no web push.',
  },
  VAPID_PRIVATE_KEY: {
    schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
    secret: true,
    about: 'Required with VAPID_PUBLIC_KEY: its private half.',
  },
  VAPID_SUBJECT: {
    schema: { type: 'string', pattern: '^(mailto:[^\\s@]+@[^\\s@]+|https://[^\\s]+)$' },
    about:
      'Required with VAPID_PUBLIC_KEY: whom push services may ask, mailto:somebody@example.org or https://….',
  },
  STREAM_DAYS: {
    schema: count(1, 90),
    default: 7,
    about: 'How long domain events are kept for other services, days.',
  },
  STREAM_LENGTH: {
    schema: count(1000, 10000000),
    default: 100000,
    about: 'How many of them the stream in Redis keeps, about: each takes some 800 bytes of its memory.',
  },
  DRAIN_MS: {
    schema: count(0, 60000),
    default: 5000,
    production: 10000,
    about: 'How long a stopping node lets what is in flight finish.',
  },
} as const satisfies Record<string, Variable>;

type Name = keyof typeof variables;

export interface Config {
  mode: 'development' | 'production' | 'test';
  host: string;
  port: number;
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  redisServer: string | undefined;
  redisTimeoutMs: number;
  redisPrefix: string;
  dataDir: string;
  jwtKeys: string | undefined;
  tokenTtlMs: number;
  refreshTtlMs: number;
  /** undefined: the node's own addresses. */
  allowedOrigins: string[] | undefined;
  trustProxy: boolean;
  logLevel: string;
  tickMs: number;
  connectionsPerAddress: number;
  messagesPerSecond: number;
  userMessagesPerSecond: number;
  addressMessagesPerSecond: number;
  httpRequestsPerSecond: number;
  httpBurst: number;
  payments: 'simulated' | 'stripe';
  /** Only with `payments: 'stripe'`. */
  stripe: { secretKey: string; webhookSecret: string } | undefined;
  /** How patient the hub is; what is left out has its default. Not from the environment. */
  patience: {
    readonly sagas?: Partial<SagaTimings>;
    readonly guard?: Partial<Guard>;
    /** Within so many ms an ordinary body of an HTTP request must have come. */
    readonly bodyMs?: number;
    readonly feed?: Partial<FeedLimits>;
    readonly boards?: Partial<BoardTimings>;
    readonly deliveries?: Partial<DeliveryTimings>;
  };
  metricsToken: string | undefined;
  /** Where traces go; undefined: nobody traces. */
  traces: { endpoint: string; ratio: number } | undefined;
  readyLoopLagMs: number;
  readyOutboxLagMs: number;
  provider: ProviderSettings;
  /** Attempts to sign in, or to register, a minute and address on all nodes together. Not from the environment. */
  attemptsPerAddress: number;
  /** Whether what many ask for is kept (`cache.ts`). Not from the environment. */
  cached: boolean;
  /** Passwords that wait to be hashed, 19 MiB each once it is their turn. Not from the environment. */
  passwordQueue: number;
  /** undefined: files of events are kept in `dataDir`. */
  attachments: S3Access | undefined;
  stream: StreamLimits;
  /** undefined: no mails are sent. */
  mail: MailSettings | undefined;
  /** undefined: there is no web push. */
  push: PushKeys | undefined;
  /** Networks (CIDR) that webhooks may be in although they are not public. */
  webhookNetworks: readonly string[];
  /** The same for push services. Not from the environment. */
  pushNetworks: readonly string[];
  /** The certificates that those of webhooks and push services must go back to; undefined: the usual ones. Not from the environment. */
  deliveryCa: string | undefined;
  drainMs: number;
}

/** What a wrong variable is told. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const ajv = new Ajv({ coerceTypes: false });

function read(name: Name, environment: NodeJS.ProcessEnv, production: boolean): unknown {
  const variable: Variable = variables[name];
  const found = environment[name];
  if (found === undefined || found === '') {
    if (production && variable.requiredInProduction) {
      throw new ConfigError(`${name} is not set, and production has no default for it. ${variable.about}`);
    }
    return production ? (variable.production ?? variable.default) : variable.default;
  }
  const value = parse(found, variable.schema.type);
  const check = ajv.compile(variable.schema);
  if (check(value)) return value;
  const shown = variable.secret ? 'a value (not shown: it is a secret)' : JSON.stringify(found);
  const allowed = allowedText(variable.schema, check.errors?.[0]?.message);
  throw new ConfigError(`${name} is ${shown}, but it ${allowed}. ${variable.about}`);
}

/** What would have been right, all of it: a range is no help to who has to guess its other end. */
function allowedText(schema: Variable['schema'], fault: string | undefined): string {
  const { enum: values, type, minimum, maximum } = schema;
  if (Array.isArray(values)) return `must be one of ${values.join(', ')}`;
  if (type === 'boolean') return 'must be a boolean: 1 or true, 0 or false';
  if (type === 'integer') return `must be a whole number from ${minimum} to ${maximum}`;
  if (type === 'number') return `must be a number from ${minimum} to ${maximum}`;
  return fault ?? 'is not valid';
}

function parse(text: string, type: unknown): unknown {
  if (type === 'integer') return /^-?\d+$/.test(text) ? Number(text) : text;
  if (type === 'number') return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return { '1': true, true: true, '0': false, false: false }[text] ?? text;
  return text;
}

/** @throws ConfigError */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const mode = read('NODE_ENV', environment, false) as Config['mode'];
  const get = <T>(name: Name) => read(name, environment, mode === 'production') as T;
  return {
    mode,
    host: get('HOST'),
    port: get('PORT'),
    databaseUrl: get('DATABASE_URL'),
    redisUrl: get('REDIS_URL'),
    redisServer: get('REDIS_SERVER'),
    redisTimeoutMs: get('REDIS_TIMEOUT_MS'),
    redisPrefix: get('REDIS_PREFIX'),
    dataDir: get('DATA_DIR'),
    jwtKeys: get('JWT_KEYS'),
    tokenTtlMs: get<number>('TOKEN_TTL_S') * 1000,
    refreshTtlMs: get<number>('REFRESH_TTL_S') * 1000,
    allowedOrigins: get<string | undefined>('ALLOWED_ORIGINS')?.split(','),
    trustProxy: get('TRUST_PROXY'),
    logLevel: get('LOG_LEVEL'),
    tickMs: get('TICK_MS'),
    connectionsPerAddress: get('CONNECTIONS_PER_ADDRESS'),
    messagesPerSecond: get('MESSAGES_PER_SECOND'),
    userMessagesPerSecond: get('USER_MESSAGES_PER_SECOND'),
    addressMessagesPerSecond: get('ADDRESS_MESSAGES_PER_SECOND'),
    httpRequestsPerSecond: get('HTTP_REQUESTS_PER_SECOND'),
    httpBurst: get('HTTP_BURST'),
    payments: get('PAYMENTS'),
    stripe: get('PAYMENTS') === 'stripe' ? readStripe(get) : undefined,
    provider: readProvider(get),
    passwordQueue: 200,
    cached: true,
    attemptsPerAddress: mode === 'production' ? 60 : 100_000,
    attachments: get('ATTACHMENTS_URL') === undefined ? undefined : readBucket(get),
    stream: { keptMs: get<number>('STREAM_DAYS') * 86_400_000, length: get('STREAM_LENGTH') },
    mail: readMail(get, mode),
    push: readPush(get),
    webhookNetworks: readNetworks(get, 'WEBHOOK_ALLOWED_NETWORKS'),
    pushNetworks: [],
    deliveryCa: undefined,
    patience: {},
    metricsToken: get('METRICS_TOKEN'),
    traces: readTraces(get),
    readyLoopLagMs: get('READY_LOOP_LAG_MS'),
    readyOutboxLagMs: get<number>('READY_OUTBOX_LAG_S') * 1000,
    drainMs: get('DRAIN_MS'),
  };
}

function readTraces(get: <T>(name: Name) => T): Config['traces'] {
  const endpoint = get<string | undefined>('OTEL_EXPORTER_OTLP_ENDPOINT');
  const ratio = get<number>('OTEL_TRACES_SAMPLER_ARG');
  return endpoint === undefined ? undefined : { endpoint, ratio };
}

/** No default in any mode: a hub that takes money must not find out at the first payment that it cannot. */
function readStripe(get: Get): NonNullable<Config['stripe']> {
  const required = requiredWith(get, 'PAYMENTS=stripe');
  return { secretKey: required('STRIPE_SECRET_KEY'), webhookSecret: required('STRIPE_WEBHOOK_SECRET') };
}

/** The same for files that could not be stored. */
function readBucket(get: Get): S3Access {
  const required = requiredWith(get, 'ATTACHMENTS_URL');
  const [url, region] = [required('ATTACHMENTS_URL'), required('ATTACHMENTS_REGION')];
  return { url, region, keyId: required('ATTACHMENTS_KEY_ID'), secret: required('ATTACHMENTS_SECRET') };
}

/** In development they can be looked at; where somebody might wait for one there is no pretending. */
function readMail(get: Get, mode: Config['mode']): MailSettings | undefined {
  const from = get<string | undefined>('MAIL_FROM');
  if (get('SMTP_URL') !== undefined) {
    const required = requiredWith(get, 'SMTP_URL');
    return { smtpUrl: required('SMTP_URL'), from: required('MAIL_FROM') };
  }
  if (mode !== 'development') return undefined;
  return { folder: join(get('DATA_DIR'), 'mail'), from: from ?? 'Seatcast <seatcast@localhost>' };
}

function readPush(get: Get): PushKeys | undefined {
  const names = ['VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY', 'VAPID_SUBJECT'] as const;
  // Read in any case: a wrong one is told of also where another is missing.
  if (names.map((name) => get(name)).every((value) => value === undefined)) return undefined;
  const required = requiredWith(get, 'web push');
  const [publicKey, privateKey, subject] = names.map(required) as [string, string, string];
  return { publicKey, privateKey, subject };
}

function readNetworks(get: Get, name: 'WEBHOOK_ALLOWED_NETWORKS' | 'PROVIDER_ALLOWED_NETWORKS'): string[] {
  const networks = get<string | undefined>(name)?.split(',') ?? [];
  const wrong = networks.find((network) => !isNetwork(network));
  if (wrong === undefined) return networks;
  throw new ConfigError(`${name} has ${wrong}, which is no network. ${variables[name].about}`);
}

type Get = <T>(name: Name) => T;

const requiredWith =
  (get: Get, wantedBy: string) =>
  (name: Name): string => {
    const value = get<string | undefined>(name);
    if (value !== undefined) return value;
    throw new ConfigError(
      `${name} is not set, and ${wantedBy} has no default for it. ${variables[name].about}`,
    );
  };
function readProvider(get: <T>(name: Name) => T): ProviderSettings {
  const timeZone = get<string>('PROVIDER_TIME_ZONE');
  const networks = readNetworks(get, 'PROVIDER_ALLOWED_NETWORKS');
  const { PROVIDER_TIME_ZONE: zone } = variables;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
  } catch {
    throw new ConfigError(`PROVIDER_TIME_ZONE is "${timeZone}", but there is no such zone. ${zone.about}`);
  }
  return {
    url: get('PROVIDER_URL'),
    intervalMs: get<number>('PROVIDER_INTERVAL_S') * 1000,
    timeZone,
    allowedNetworks: networks,
  };
}
