/** A node that keeps no answers: each is read from PostgreSQL. In all else it is the one that `npm start` runs. */
import { readConfig } from '../../../src/config.ts';
import { startHub } from '../../../src/hub.ts';
import { makeLogger } from '../../../src/log.ts';

const config = { ...readConfig(), cached: false };
const { databaseUrl, redisUrl, jwtKeys } = config;
if (!databaseUrl || !redisUrl || !jwtKeys) throw new Error('a node needs its services and keys');
const log = makeLogger(config.logLevel, false, 'bench');
const hub = await startHub({ config, databaseUrl, redisUrl, jwtKeys, log });
const stop = () => void hub.stop().then(() => process.exit());
process.once('SIGTERM', stop);
process.once('disconnect', stop);
process.send?.(hub.port);
