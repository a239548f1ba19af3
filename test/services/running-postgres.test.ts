import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runningPostgres } from '../../src/services/running-postgres.ts';
import { start, temporaryDirectory } from './support.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Ended {
  code: number;
  said: string;
}

/** `npm run role` with these variables of the environment. */
const setRole = (env: Record<string, string>): Promise<Ended> =>
  new Promise((resolve) => {
    const { DATABASE_URL: _, ...others } = process.env;
    const args = ['--disable-warning=ExperimentalWarning', 'src/set-role.ts', 'nobody@example.com', 'admin'];
    execFile(process.execPath, args, { cwd: root, env: { ...others, ...env } }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, said: `${stdout}${stderr}`.trim() }),
    );
  });

test('the embedded database of a data directory is found while it runs, by the role command as well', async () => {
  const dataDir = await temporaryDirectory();
  expect(await runningPostgres(`${dataDir}/nowhere`)).toBeUndefined();
  expect(await runningPostgres(dataDir)).toBeUndefined();
  const services = await start(dataDir, { redisUrl: 'redis://127.0.0.1:1' });
  expect(await runningPostgres(dataDir)).toBe(services.databaseUrl);
  expect(await setRole({ DATA_DIR: dataDir })).toEqual({
    code: 1,
    said: 'The database has no tables yet: start the hub once.',
  });
  const wrong = new URL(services.databaseUrl);
  wrong.password = 'wrong';
  expect(await setRole({ DATABASE_URL: wrong.href })).toEqual({
    code: 1,
    said: 'PostgreSQL refused the user or the password of DATABASE_URL.',
  });
  await services.stop();
  expect(await runningPostgres(dataDir)).toBeUndefined();
  const { code, said } = await setRole({ DATA_DIR: dataDir });
  expect(code).toBe(2);
  expect(said).toMatch(/^DATABASE_URL is not set, and no hub runs on DATA_DIR .*$/);
});

test.each([
  ['postgres://a:b@127.0.0.1:1/seatcast', /^PostgreSQL cannot be reached: .*$/],
  ['postgres://127.0.0.1', /^DATABASE_URL must be postgres:\/\/user:password@host:port\/database\.$/],
  ['mysql://127.0.0.1/x', /^DATABASE_URL is .*$/],
])('the role command says in one line what is wrong with %s', async (url, said) => {
  const ended = await setRole({ DATABASE_URL: url });
  expect(ended.code).not.toBe(0);
  expect(ended.said).toMatch(said);
});
