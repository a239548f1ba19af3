import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';
import { create } from './support.ts';

const hubs = await startTestHubs(1);

test('organizers see their own, admins all, newest first and page by page', async () => {
  const [ada, bob, admin] = [
    await hubs.user('organizer'),
    await hubs.user('organizer'),
    await hubs.user('admin'),
  ];
  const own = [];
  for (let i = 0; i < 3; i++) own.unshift((await create(hubs, ada)).webhook);
  const { webhook: other } = await create(hubs, bob);
  const first = await call(node(hubs), 'webhooks:list', { limit: 2 }, ada);
  expect(first.webhooks).toEqual(own.slice(0, 2));
  const cursor = first.nextCursor as string;
  expect(await call(node(hubs), 'webhooks:list', { limit: 2, cursor }, ada)).toEqual({
    webhooks: own.slice(2),
    nextCursor: null,
  });
  expect((await call(node(hubs), 'webhooks:list', {}, admin)).webhooks).toEqual([other, ...own]);
});

test('cursor-invalid', async () => {
  const user = await hubs.user('organizer');
  await expectRefused(node(hubs), 'webhooks:list', { cursor: 'x' }, user, 'cursor-invalid');
});
