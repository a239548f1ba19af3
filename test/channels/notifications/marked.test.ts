import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { book, heard } from '../support.ts';
import { untilListed } from './support.ts';

const hubs = await startTestHubs(2);

test('whoever reads on one device is told on the others how many are left, and only if something changed', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const phone = await hubs.connect(user);
  const desk = await hubs.connect(user, 1);
  await book(phone, eventId, [0]);
  await book(phone, eventId, [1]);
  const [newest, oldest] = await untilListed(hubs, user, 2);
  await phone.request('notifications:read', { ids: [newest?.id ?? ''] });
  await phone.request('notifications:read', { ids: [newest?.id ?? ''] });
  const last = desk.next('notifications:marked', ({ unread }) => unread === 0);
  await phone.request('notifications:read', { ids: [oldest?.id ?? ''] });
  await last;
  expect(heard(desk, 'notifications:marked')).toEqual([{ unread: 1 }, { unread: 0 }]);
});
