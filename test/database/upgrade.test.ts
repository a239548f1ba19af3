import pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { openDatabase, statement } from '../../src/database/database.ts';
import { makeLogger } from '../../src/log.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs(0);
const db = await openDatabase(hubs.databaseUrl, makeLogger('silent', false, 'test'), 4);
const admin = new pg.Client({ connectionString: hubs.databaseUrl });
await admin.connect();
afterAll(async () => {
  await admin.end();
  await db.close();
});

test('a view that a newer node has extended is read on all connections as before', async () => {
  await admin.query('create view grows as select 1 as one, pg_sleep(0.05)::text as rest');
  const read = { ...statement<[], { one: number }>('backlog'), name: 'grows', text: 'select * from grows' };
  const all = () => Promise.all(Array.from({ length: 4 }, () => db.run(read)));
  expect((await all()).flat().map(({ one }) => one)).toEqual([1, 1, 1, 1]);
  expect(db.load.connections).toBe(4);
  await admin.query(
    'create or replace view grows as select 1 as one, pg_sleep(0.05)::text as rest, 2 as two',
  );
  for (let i = 0; i < 3; i++) expect((await all()).flat()).toMatchObject(Array(4).fill({ one: 1, two: 2 }));
});

test('a statement that PostgreSQL cannot do at all is refused', async () => {
  const read = {
    ...statement<[], never>('backlog'),
    name: 'never',
    text: 'select count(*) from pg_class for update',
  };
  await expect(db.run(read)).rejects.toThrow('FOR UPDATE');
});

test('a database of before is told of offers with their seats', async () => {
  await admin.query("delete from migrations where name = 'm0015-told'");
  await admin.query('drop index audit_of_cancellations');
  await admin.query('drop function record_waitlist(jsonb)');
  await db.migrate();
  const { rows } = await admin.query("select prosrc from pg_proc where proname = 'record_waitlist'");
  expect(rows).toMatchObject([{ prosrc: expect.stringContaining("'places', step.places") }]);
});
