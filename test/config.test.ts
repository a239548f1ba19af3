import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig, variables } from '../src/config.ts';

type Name = keyof typeof variables;
const names = Object.keys(variables) as Name[];

/** All that production needs. */
const production = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://seatcast:hunter2@db/seatcast',
  REDIS_URL: 'rediss://:hunter2@redis:6379',
  JWT_KEYS: `k1:${'A'.repeat(43)}`,
  ALLOWED_ORIGINS: 'https://tickets.example',
  PAYMENTS: 'simulated',
};

/** All that payments through Stripe need. */
const stripe = {
  PAYMENTS: 'stripe',
  STRIPE_SECRET_KEY: 'sk_test_hunter2',
  STRIPE_WEBHOOK_SECRET: 'whsec_hunter2',
};

/** All that a bucket for files of events needs. */
const bucket = {
  ATTACHMENTS_URL: 'https://s3.example.org/bucket',
  ATTACHMENTS_KEY_ID: 'AKIAEXAMPLE',
  ATTACHMENTS_SECRET: 'hunter2/hunter2+hunter2',
};

/** All that mails need. */
const mail = { SMTP_URL: 'smtp://tickets:hunter2@mail.example.org:587', MAIL_FROM: 'tickets@example.org' };

/** Keys of nobody. */
const vapid = {
  VAPID_PUBLIC_KEY: 'B'.repeat(87),
  VAPID_PRIVATE_KEY: 'p'.repeat(43),
  VAPID_SUBJECT: 'mailto:ops@example.org',
};

/** Why the configuration is refused, or '' when it is not. */
function refusal(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
}

/** A wrong value of each variable, and what the refusal says is allowed. */
const faults: { [N in Name]?: [value: string, allowed: string] } = {
  NODE_ENV: ['prod', 'development, production, test'],
  PORT: ['65536', 'a whole number from 0 to 65535'],
  DATABASE_URL: ['mysql://hunter2@db', '(postgres|postgresql)'],
  REDIS_URL: ['http://hunter2@redis', '(redis|rediss)'],
  REDIS_TIMEOUT_MS: ['49', 'from 50 to 10000'],
  REDIS_PREFIX: ['Seat Cast', '[a-z0-9-]'],
  JWT_KEYS: ['k1:hunter2', 'pattern'],
  TOKEN_TTL_S: ['59', 'from 60 to 2592000'],
  REFRESH_TTL_S: ['599', 'from 600 to'],
  ALLOWED_ORIGINS: ['https://tickets.example/', 'https?://'],
  TRUST_PROXY: ['yes', 'boolean'],
  LOG_LEVEL: ['loud', 'trace, debug, info'],
  TICK_MS: ['9', 'from 10 to 1000'],
  CONNECTIONS_PER_ADDRESS: ['0', 'from 1 to 1000000'],
  MESSAGES_PER_SECOND: ['1.5', 'a whole number from 1 to 100000'],
  USER_MESSAGES_PER_SECOND: ['many', 'a whole number from 1 to 100000'],
  ADDRESS_MESSAGES_PER_SECOND: ['1000001', 'from 1 to 1000000'],
  HTTP_REQUESTS_PER_SECOND: ['0', 'a whole number from 1 to 1000000'],
  HTTP_BURST: ['ten', 'a whole number from 1 to 1000000'],
  PAYMENTS: ['cash', 'simulated, stripe'],
  STRIPE_SECRET_KEY: ['pk_test_hunter2', 'pattern'],
  STRIPE_WEBHOOK_SECRET: ['hunter2', 'pattern'],
  METRICS_TOKEN: ['hunter2', 'pattern'],
  OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318', 'https?'],
  OTEL_TRACES_SAMPLER_ARG: ['1.5', 'a number from 0 to 1'],
  READY_LOOP_LAG_MS: ['99', 'from 100 to 60000'],
  READY_OUTBOX_LAG_S: ['5', 'from 10 to 86400'],
  STREAM_DAYS: ['0', 'from 1 to 90'],
  STREAM_LENGTH: ['999', 'from 1000 to 10000000'],
  DRAIN_MS: ['-1', 'from 0 to 60000'],
  SMTP_URL: ['http://hunter2@mail', '(smtps?)'],
  MAIL_FROM: ['Seatcast', 'pattern'],
  WEBHOOK_ALLOWED_NETWORKS: ['127.0.0.1', 'pattern'],
  VAPID_PUBLIC_KEY: ['short', 'pattern'],
  VAPID_PRIVATE_KEY: ['hunter2', 'pattern'],
  VAPID_SUBJECT: ['ops@example.org', 'pattern'],
  PROVIDER_URL: ['ftp://hunter2@feeds', '(https?)'],
  PROVIDER_INTERVAL_S: ['4', 'from 5 to 86400'],
  PROVIDER_TIME_ZONE: ['+01:00', 'pattern'],
  PROVIDER_ALLOWED_NETWORKS: ['10.0.0.1', 'pattern'],
  ATTACHMENTS_URL: ['s3.example.org/bucket', 'https?://'],
  ATTACHMENTS_REGION: ['Europe (Paris)', '[a-z0-9-]'],
  ATTACHMENTS_KEY_ID: ['an id', 'pattern'],
  ATTACHMENTS_SECRET: ['hunter2', 'pattern'],
};
/** Any text that is not empty is right, and an empty one counts as not set. */
const anyText: Name[] = ['HOST', 'REDIS_SERVER', 'DATA_DIR'];

describe('a wrong value stops the start', () => {
  test.each(Object.entries(faults))('%s', (name, [value, allowed]) => {
    const message = refusal({ ...stripe, ...bucket, [name]: value });
    expect(message.startsWith(`${name} is `), message).toBe(true);
    expect(message).toContain(allowed);
    expect(message).toContain(variables[name as Name].about);
    const isSecret = 'secret' in variables[name as Name];
    if (isSecret) expect(message).not.toContain(value);
    else expect(message).toContain(JSON.stringify(value));
  });

  test('no variable is forgotten here', () => {
    expect([...Object.keys(faults), ...anyText].sort()).toEqual([...names].sort());
  });
});

describe('production', () => {
  test('starts with what it needs', () => {
    expect(readConfig(production)).toMatchObject({
      mode: 'production',
      allowedOrigins: ['https://tickets.example'],
      connectionsPerAddress: 200,
    });
  });

  test.each(['DATABASE_URL', 'REDIS_URL', 'JWT_KEYS', 'ALLOWED_ORIGINS', 'PAYMENTS'])(
    'refuses to start without %s',
    (name) => {
      for (const value of [undefined, '']) {
        const message = refusal({ ...production, [name]: value });
        expect(message).toContain(`${name} is not set`);
        expect(message).toContain('production has no default');
      }
    },
  );

  test('shows no secret, however wrong it is', () => {
    for (const name of names.filter((each) => 'secret' in variables[each])) {
      const message = refusal({ ...production, ...stripe, ...bucket, [name]: 'hunter2' });
      expect(message).toContain(name);
      expect(message).not.toContain('hunter2');
    }
  });
});

describe('payments', () => {
  test('move no money by default, and without a word only outside production', () => {
    expect(readConfig({})).toMatchObject({ payments: 'simulated', stripe: undefined });
    expect(refusal({ ...production, PAYMENTS: '' })).toContain('Production must say which');
  });

  test('through Stripe need both secrets, in every mode', () => {
    expect(readConfig(stripe)).toMatchObject({
      payments: 'stripe',
      stripe: { secretKey: 'sk_test_hunter2', webhookSecret: 'whsec_hunter2' },
    });
    for (const name of ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET']) {
      for (const mode of ['development', 'test', 'production']) {
        const message = refusal({ ...production, ...stripe, NODE_ENV: mode, [name]: '' });
        expect(message).toContain(`${name} is not set`);
        expect(message).not.toContain('hunter2');
      }
    }
  });

  test('secrets of Stripe are not even kept where they are not used', () => {
    expect(readConfig({ ...stripe, PAYMENTS: 'simulated' }).stripe).toBeUndefined();
  });
});

describe('the provider', () => {
  test('has a time zone that there is, and networks that there are', () => {
    expect(refusal({ PROVIDER_TIME_ZONE: 'Europe/Atlantis' })).toContain('no such zone');
    expect(refusal({ PROVIDER_ALLOWED_NETWORKS: '10.0.0.0/8,300.1.1.1/8' })).toContain('300.1.1.1/8');
  });

  test('is none by default, and in the time zone of Madrid', () => {
    expect(readConfig({}).provider).toEqual({
      url: undefined,
      intervalMs: 300_000,
      timeZone: 'Europe/Madrid',
      allowedNetworks: [],
    });
    const given = { PROVIDER_TIME_ZONE: 'Asia/Kolkata', PROVIDER_ALLOWED_NETWORKS: '10.0.0.0/8,fd00::/8' };
    expect(readConfig(given).provider).toMatchObject({
      timeZone: 'Asia/Kolkata',
      allowedNetworks: ['10.0.0.0/8', 'fd00::/8'],
    });
  });
});

describe('files of events', () => {
  test('are kept in DATA_DIR, or in a bucket whose secrets have no default in any mode', () => {
    expect(readConfig({}).attachments).toBeUndefined();
    expect(readConfig(bucket).attachments).toEqual({
      url: 'https://s3.example.org/bucket',
      region: 'auto',
      keyId: 'AKIAEXAMPLE',
      secret: 'hunter2/hunter2+hunter2',
    });
    for (const name of ['ATTACHMENTS_KEY_ID', 'ATTACHMENTS_SECRET']) {
      for (const mode of ['development', 'test', 'production']) {
        const message = refusal({ ...production, ...bucket, NODE_ENV: mode, [name]: '' });
        expect(message).toContain(`${name} is not set`);
        expect(message).not.toContain('hunter2');
      }
    }
  });

  test('an address with a question or a user in it is none', () => {
    for (const url of [
      's3.example.org',
      'ftp://s3.example.org/b',
      'https://s3.example.org/b?x=1',
      'https://a:b@c/d',
    ]) {
      expect(refusal({ ...bucket, ATTACHMENTS_URL: url })).toContain('ATTACHMENTS_URL');
    }
  });
});

describe('what is sent out', () => {
  test('mails need a server and a sender; without them they are files in development, and off elsewhere', () => {
    expect(readConfig({ ...production, ...mail }).mail).toEqual({
      smtpUrl: mail.SMTP_URL,
      from: 'tickets@example.org',
    });
    expect(refusal({ ...mail, MAIL_FROM: '' })).toContain('MAIL_FROM is not set');
    expect(readConfig({ DATA_DIR: '/there' }).mail).toMatchObject({ folder: '/there/mail' });
    expect(readConfig(production).mail).toBeUndefined();
    expect(readConfig({ NODE_ENV: 'test' }).mail).toBeUndefined();
  });

  test('a sender is one address, with a name or without, and no other header', () => {
    for (const from of ['a@b.example', 'Seatcast <a@b.example>', 'Tickets & more <a@b.example>'])
      expect(readConfig({ ...mail, MAIL_FROM: from }).mail).toMatchObject({ from });
    for (const from of ['a@b.example, c@d.example', 'x <a@b.example>\r\nBcc: c@d.example', '<a>@b', 'a@'])
      expect(refusal({ ...mail, MAIL_FROM: from })).toContain('MAIL_FROM is ');
  });

  test('web push needs both keys and whom to ask, or is off', () => {
    expect(readConfig({}).push).toBeUndefined();
    expect(readConfig(vapid).push).toEqual({
      publicKey: vapid.VAPID_PUBLIC_KEY,
      privateKey: vapid.VAPID_PRIVATE_KEY,
      subject: vapid.VAPID_SUBJECT,
    });
    for (const name of Object.keys(vapid)) {
      const message = refusal({ ...vapid, [name]: '' });
      expect(message).toContain(`${name} is not set`);
      expect(message).not.toContain(vapid.VAPID_PRIVATE_KEY);
    }
  });

  test('webhooks may be in networks that there are', () => {
    expect(readConfig({}).webhookNetworks).toEqual([]);
    expect(readConfig({ WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8,fd00::/8' }).webhookNetworks).toHaveLength(2);
    expect(refusal({ WEBHOOK_ALLOWED_NETWORKS: '300.1.1.1/8' })).toContain('300.1.1.1/8');
  });
});

test('without any variable a developer gets the defaults', () => {
  const { mode, host, port, databaseUrl, redisUrl, jwtKeys, trustProxy, tickMs } = readConfig({});
  expect({ mode, host, port, trustProxy, tickMs }).toEqual({
    mode: 'development',
    host: '127.0.0.1',
    port: 3000,
    trustProxy: false,
    tickMs: 40,
  });
  expect([databaseUrl, redisUrl, jwtKeys]).toEqual([undefined, undefined, undefined]);
});

test('values are read as what they are', () => {
  const config = readConfig({
    PORT: '0',
    TOKEN_TTL_S: '60',
    TRUST_PROXY: '1',
    ALLOWED_ORIGINS: 'https://a.example,http://b.example:8080',
  });
  expect(config).toMatchObject({
    port: 0,
    tokenTtlMs: 60_000,
    trustProxy: true,
    allowedOrigins: ['https://a.example', 'http://b.example:8080'],
  });
});

/** Names in backticks in the first column of the tables of a text. */
const tableNames = (markdown: string): string[] =>
  [...markdown.matchAll(/^\|\s*`([A-Z][A-Z0-9_]*)`\s*\|/gm)].map(([, name]) => name as string);

test("the README's table has every variable, and no other", () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(tableNames(readme).sort()).toEqual([...names].sort());
});

test('.env.example names only variables that the hub or docker-compose.yml reads', () => {
  const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  const named = [...read('.env.example').matchAll(/^#?([A-Z][A-Z0-9_]+)=/gm)].map(
    ([, name]) => name as string,
  );
  const compose = [...read('docker-compose.yml').matchAll(/\$\{([A-Z][A-Z0-9_]+)/g)].map(
    ([, name]) => name as string,
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => ![...names, ...compose].includes(name))).toEqual([]);
});
