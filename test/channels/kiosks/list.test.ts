import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';
import { paired } from './support.ts';

const hubs = await startTestHubs(1);

test('organizers see their own kiosks, admins all, newest first and page by page', async () => {
  const [ada, bob] = [await hubs.user('organizer'), await hubs.user('organizer')];
  const own = [];
  for (const name of ['one', 'two', 'three']) own.unshift((await paired(hubs, ada, name)).kiosk);
  const { kiosk: other } = await paired(hubs, bob, 'of somebody else');
  const first = await call(node(hubs), 'kiosks:list', { limit: 2 }, ada);
  expect(first.kiosks).toEqual(own.slice(0, 2));
  const cursor = first.nextCursor as string;
  expect(await call(node(hubs), 'kiosks:list', { limit: 2, cursor }, ada)).toEqual({
    kiosks: own.slice(2),
    nextCursor: null,
  });
  expect((await call(node(hubs), 'kiosks:list', {}, bob)).kiosks).toEqual([other]);
  const all = await call(node(hubs), 'kiosks:list', {}, await hubs.user('admin'));
  expect(all.kiosks).toEqual([other, ...own]);
});

test('cursor-invalid', async () => {
  const organizer = await hubs.user('organizer');
  await expectRefused(node(hubs), 'kiosks:list', { cursor: 'x' }, organizer, 'cursor-invalid');
});
