import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { call, expectRefused, nobody, node, organizerOf } from '../support.ts';
import { uploaded } from './support.ts';

const hubs = await startTestHubs(2, { dataDir: await tempFolder() });

test('everybody sees the files of a published event, in their order, over HTTP and on a socket', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const first = await uploaded(node(hubs), eventId, organizer, { name: 'a.png' });
  const second = await uploaded(node(hubs), eventId, organizer, { name: 'b.png' });
  const attachments = [first, second];
  expect(await call(node(hubs, 1), 'attachments:list', { eventId })).toEqual({ attachments });
  expect(await (await hubs.connect()).request('attachments:list', { eventId })).toEqual({ attachments });
});

test('event-not-found: those of a draft are for its organizer and admins', async () => {
  const eventId = await hubs.event({ publish: false });
  const organizer = await organizerOf(hubs, eventId);
  const attachment = await uploaded(node(hubs), eventId, organizer);
  for (const reader of [organizer, await hubs.user('admin')]) {
    expect(await call(node(hubs), 'attachments:list', { eventId }, reader)).toEqual({
      attachments: [attachment],
    });
  }
  for (const reader of [undefined, await hubs.user('organizer')]) {
    await expectRefused(node(hubs), 'attachments:list', { eventId }, reader, 'event-not-found');
  }
  await expectRefused(node(hubs), 'attachments:list', { eventId: nobody }, undefined, 'event-not-found');
});
