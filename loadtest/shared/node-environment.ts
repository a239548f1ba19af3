/** The environment of a node that is measured: one machine plays everybody, and is not to be held back. */
export const nodeEnvironment = (parts: {
  databaseUrl: string;
  redisUrl: string;
  jwtKeys: string;
}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  NODE_ENV: 'test',
  HOST: '127.0.0.1',
  PORT: '0',
  LOG_LEVEL: 'warn',
  DATABASE_URL: parts.databaseUrl,
  REDIS_URL: parts.redisUrl,
  JWT_KEYS: parts.jwtKeys,
  // Everything shares a few cores here, and what is late is to be measured, not refused.
  REDIS_TIMEOUT_MS: '5000',
  CONNECTIONS_PER_ADDRESS: '1000000',
  MESSAGES_PER_SECOND: '100000',
  USER_MESSAGES_PER_SECOND: '100000',
  ADDRESS_MESSAGES_PER_SECOND: '1000000',
  HTTP_REQUESTS_PER_SECOND: '1000000',
});
