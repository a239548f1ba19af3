/**
 * `npm start [-- --nodes N]`: starts the services that are not given, brings the schema up to date, and
 * runs N nodes: one in this process, several as child processes that are started again when they die.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { type Config, ConfigError, readConfig } from './config.ts';
import { withDemoProvider } from './demo/demo-provider.ts';
import { type Hub, startHub } from './hub.ts';
import { makeLogger } from './log.ts';
import { prepare } from './prepare.ts';
import { startServices } from './services/services.ts';
import { developmentKeys } from './session.ts';

const maxNodes = 16;
const usage = `npm start -- [--nodes 1]

  --nodes   how many nodes, 1 to ${maxNodes}, on PORT and the ports after it

Everything else comes from the environment: see the table in README.md.`;
const restartAfterMs = 1000;
const failedStartsAtMost = 3;

async function main(): Promise<void> {
  const nodes = readNodes();
  const given = readConfig();
  const name = process.env.SEATCAST_NODE ?? (nodes > 1 ? 'parent' : 'node-1');
  const log = makeLogger(given.logLevel, given.mode === 'development', name);
  if (process.env.SEATCAST_NODE) return runNode(given, log, name);
  const { config, stopDemo } = await withDemoProvider(given);

  const services = await startServices({
    databaseUrl: config.databaseUrl,
    redisUrl: config.redisUrl,
    redisServer: config.redisServer,
    dataDir: config.dataDir,
    log: (line) => log.info(line),
    onExit: (sentence) => {
      log.fatal(sentence);
      process.kill(process.pid, 'SIGTERM');
    },
  });
  const { databaseUrl, redisUrl } = services;
  const jwtKeys = config.jwtKeys ?? developmentKeys(config.dataDir);
  try {
    await prepare({ config, databaseUrl, redisUrl, jwtKeys, log });
    const running =
      nodes > 1
        ? superviseNodes(nodes, config, log, { databaseUrl, redisUrl, jwtKeys })
        : await startHub({ config, databaseUrl, redisUrl, jwtKeys, log, node: name });
    onSignal(config, log, async () => {
      await running.stop();
      await stopDemo();
      await services.stop();
    });
    announce(
      config,
      'ready' in running ? await running.ready : [{ port: running.port, pid: process.pid }],
      log,
    );
  } catch (error) {
    await services.stop();
    throw error;
  }
}

/** A node that the parent started: services and schema are there already. */
async function runNode(config: Config, log: ReturnType<typeof makeLogger>, node: string): Promise<void> {
  const { databaseUrl, redisUrl, jwtKeys } = config;
  if (!databaseUrl || !redisUrl || !jwtKeys)
    throw new ConfigError('A node needs the addresses its parent gives it.');
  let hub: Hub | undefined;
  onSignal(config, log, async () => hub?.stop());
  // The parent is gone: nobody would restart us, and its services have ended with it.
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  hub = await startHub({ config, databaseUrl, redisUrl, jwtKeys, log, node });
  process.send?.(hub.port);
}

function superviseNodes(
  nodes: number,
  config: Config,
  log: ReturnType<typeof makeLogger>,
  addresses: { databaseUrl: string; redisUrl: string; jwtKeys: string },
): { ready: Promise<Listening[]>; stop: () => Promise<void> } {
  let stopping = false;
  let failedStarts = 0;
  const children = new Map<number, ChildProcess>();
  const start = (port: number, i: number): ChildProcess => {
    const child = fork(process.argv[1] as string, [], {
      env: {
        ...process.env,
        SEATCAST_NODE: `node-${i + 1}`,
        PORT: String(port),
        DATABASE_URL: addresses.databaseUrl,
        REDIS_URL: addresses.redisUrl,
        JWT_KEYS: addresses.jwtKeys,
        PROVIDER_URL: config.provider.url,
        PROVIDER_ALLOWED_NETWORKS: config.provider.allowedNetworks.join(','),
      },
    });
    children.set(i, child);
    let wasReady = false;
    child.once('message', () => {
      wasReady = true;
      // Only starts that fail one after the other mean that none will succeed.
      failedStarts = 0;
    });
    child.on('exit', (code, signal) => {
      if (stopping) return;
      if (!wasReady && ++failedStarts >= failedStartsAtMost) {
        log.fatal({ port }, 'a node does not come up: giving up');
        process.kill(process.pid, 'SIGTERM');
        return;
      }
      log.error({ port, code, signal }, 'a node died and is started again');
      setTimeout(() => stopping || start(port, i), restartAfterMs);
    });
    return child;
  };
  const listening = Array.from({ length: nodes }, (_, i) => {
    const port = config.port === 0 ? 0 : config.port + i;
    const child = start(port, i);
    return new Promise<Listening>((resolve) => {
      child.once('message', (listening) => resolve({ port: Number(listening), pid: child.pid as number }));
    });
  });
  return {
    ready: Promise.all(listening),
    async stop() {
      stopping = true;
      await Promise.all([...children.values()].map(endChild));
    },
  };
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}

/**
 * The first signal drains; a second one ends the process at once. Whatever nobody caught drains as well, and
 * ends with 1: nobody knows what state the process is in, so a new one has to take its place.
 */
function onSignal(config: Config, log: ReturnType<typeof makeLogger>, stop: () => Promise<void>): void {
  const patienceMs = config.drainMs + 5000;
  let stopping = false;
  const handle = (signal: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    stop().then(
      () => {
        log.info('stopped');
        process.exit(0);
      },
      (error) => {
        log.error({ err: error }, 'could not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
  const fatal = (error: unknown) => {
    log.fatal({ err: error }, 'something was not caught: this node stops');
    if (stopping) return;
    stopping = true;
    process.exitCode = 1;
    stop().finally(() => process.exit(1));
    setTimeout(() => process.exit(1), patienceMs).unref();
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
}

interface Listening {
  port: number;
  pid: number;
}

function announce(config: Config, nodes: Listening[], log: ReturnType<typeof makeLogger>): void {
  for (const { port, pid } of nodes) log.info(`Seatcast is at http://localhost:${port} (process ${pid})`);
  if (config.mode !== 'production')
    log.info('Demo accounts: buyer@, organizer@ and admin@example.com, password seatcast-demo');
}

function readNodes(): number {
  const { values } = parseArgs({
    options: { nodes: { type: 'string', default: '1' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    console.log(usage);
    process.exit();
  }
  const nodes = Number(values.nodes);
  if (Number.isInteger(nodes) && nodes >= 1 && nodes <= maxNodes) return nodes;
  throw new ConfigError(`--nodes is "${values.nodes}", but it must be a whole number from 1 to ${maxNodes}.`);
}

main().catch((error: unknown) => {
  // People read this one: a sentence for what they can mend, the stack for what only we can.
  console.error(isForPeople(error) ? `Seatcast cannot start: ${error.message}` : error);
  process.exit(1);
});

/** Ours, the services' plain errors, and those of the command line. */
const isForPeople = (error: unknown): error is Error =>
  error instanceof ConfigError ||
  (error instanceof Error &&
    (error.constructor === Error || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))));
