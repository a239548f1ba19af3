import { expect, test } from 'vitest';
import type { UsersListRequest } from '../../../src/contracts.gen.ts';
import { startTestHubs } from '../../support/hub.ts';
import { signUp } from '../accounts.ts';
import { call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(1);
const admin = await signUp(hubs, 'admin');
const list = (request: UsersListRequest) => call(node(hubs), 'users:list', request, admin);
const ids = async (request: UsersListRequest) => (await list(request)).users.map(({ id }) => id);

test('finds accounts by a part of the name or the address, by role, and by whether they are disabled', async () => {
  const [ada, bob] = [await signUp(hubs), await signUp(hubs, 'organizer')];
  await call(node(hubs), 'me:update', { name: 'Zoë 100% O’Hara_x' }, ada);
  await hubs.sql('update users set disabled_at = now() where id = $1', [bob.id]);
  expect(await ids({ search: 'ZOË' })).toEqual([ada.id]);
  expect(await ids({ search: '100%' })).toEqual([ada.id]);
  // What means something to SQL means nothing here.
  expect(await ids({ search: '%' })).toEqual([ada.id]);
  expect(await ids({ search: '_x' })).toEqual([ada.id]);
  expect(await ids({ search: "' or true --" })).toEqual([]);
  expect(await ids({ search: bob.email.toUpperCase() })).toEqual([bob.id]);
  expect(await ids({ role: 'organizer' })).toEqual([bob.id]);
  expect(await ids({ disabled: true })).toEqual([bob.id]);
  expect(await ids({ disabled: false, role: 'admin' })).toEqual([admin.id]);
  const [found] = (await list({ search: ada.email })).users;
  expect(found).toEqual({
    id: ada.id,
    email: ada.email,
    name: 'Zoë 100% O’Hara_x',
    role: 'user',
    timeZone: 'Europe/Brussels',
    disabledAt: null,
    sessions: 1,
    createdAt: expect.any(String),
  });
});

test('newest first, page by page, each once', async () => {
  const made = await hubs.users(7);
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ limit: 3, ...(cursor ? { cursor } : {}) });
    expect(page.users.length).toBeLessThanOrEqual(3);
    seen.push(...page.users.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  const all = await hubs.sql<{ id: string }>('select id from users order by id desc');
  expect(seen).toEqual(all.map(({ id }) => id));
  expect(seen).toEqual(expect.arrayContaining(made.map(({ id }) => id)));
});

test('cursor-invalid: a cursor that is none of ours', async () => {
  for (const cursor of ['x', 'WyJub3QgYW4gaWQiXQ']) {
    await expectRefused(node(hubs), 'users:list', { cursor }, admin, 'cursor-invalid');
  }
});
