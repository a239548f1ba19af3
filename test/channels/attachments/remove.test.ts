import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { call, dot, expectRefused, nobody, node, organizerOf } from '../support.ts';
import { upload, uploaded } from './support.ts';
import { s3Keys, startS3 } from '../../support/s3.ts';

const dataDir = await tempFolder();
const hubs = await startTestHubs(2, { dataDir });
const s3 = await startS3();

test('the organizer and admins remove a file, with its content, and the log says who did what', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  for (const remover of [organizer, await hubs.user('admin')]) {
    const { id } = await uploaded(node(hubs), eventId, organizer);
    expect(await call(node(hubs, 1), 'attachments:remove', { attachmentId: id }, remover)).toEqual({
      removed: true,
    });
    expect(await readdir(join(dataDir, 'attachments'))).not.toContain(id);
    const rows = await hubs.sql(
      "select action, actor_id from audit where details ->> 'attachmentId' = $1 order by id",
      [id],
    );
    expect(rows).toEqual([
      { action: 'attachment-added', actor_id: organizer.id },
      { action: 'attachment-removed', actor_id: remover.id },
    ]);
  }
  expect(await call(node(hubs), 'attachments:list', { eventId })).toEqual({ attachments: [] });
});

test('attachment-not-found: one of another organizer, none, and one that is removed', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const { id } = await uploaded(node(hubs), eventId, organizer);
  const other = await hubs.user('organizer');
  const refused = (attachmentId: string, by = other) =>
    expectRefused(node(hubs), 'attachments:remove', { attachmentId }, by, 'attachment-not-found');
  await refused(id);
  await refused(nobody);
  await call(node(hubs), 'attachments:remove', { attachmentId: id }, organizer);
  await refused(id, organizer);
});

test('[FILE-4] in a bucket: what cannot be stored takes no room, and what cannot be removed goes with the next', async () => {
  const inBucket = await startTestHubs(1, { attachments: { url: s3.url, ...s3Keys } });
  const hub = node(inBucket);
  const eventId = await inBucket.event();
  const organizer = await organizerOf(inBucket, eventId);
  s3.failWith = 503;
  expect((await upload(hub, eventId, organizer)).status).toBe(503);
  expect(await call(hub, 'attachments:list', { eventId })).toEqual({ attachments: [] });
  s3.failWith = undefined;
  const first = await uploaded(hub, eventId, organizer);
  const second = await uploaded(hub, eventId, organizer);
  expect([...s3.objects.keys()].sort()).toEqual(
    [first, second].map(({ id }) => `/bucket/attachments/${id}`).sort(),
  );
  expect(Buffer.from(await (await fetch(hub.url + first.url)).arrayBuffer())).toEqual(dot);
  s3.failWith = 500;
  expect((await fetch(hub.url + first.url)).status).toBe(503);
  await call(hub, 'attachments:remove', { attachmentId: first.id }, organizer);
  expect(s3.objects.size).toBe(2);
  s3.failWith = undefined;
  await call(hub, 'attachments:remove', { attachmentId: second.id }, organizer);
  expect(s3.objects.size).toBe(0);
  expect(await inBucket.sql('select id from attachments')).toEqual([]);
});
