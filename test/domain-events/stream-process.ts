/** The part of a node that keeps the stream, in a process that may be killed over it. */
import { openDatabase } from '../../src/database/database.ts';
import { EventStream } from '../../src/domain-events/event-stream.ts';
import { makeLogger } from '../../src/log.ts';
import { makeKeys } from '../../src/redis/keys.ts';
import { RedisLinks } from '../../src/redis/links.ts';

const { DATABASE_URL = '', REDIS_URL = '', REDIS_PREFIX = '' } = process.env;
const log = makeLogger('warn', false, 'stream');
const db = await openDatabase(DATABASE_URL, log, 2);
const links = new RedisLinks(REDIS_URL, log, 3000);
await links.connect();
new EventStream({
  db,
  links,
  keys: makeKeys(REDIS_PREFIX),
  limits: { keptMs: 86_400_000, length: 1000 },
  hubUrl: () => 'https://tickets.example',
  log,
}).start();
