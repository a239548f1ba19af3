import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { call, dot, expectRefused, nobody, node, organizerOf } from '../support.ts';
import { uploaded } from './support.ts';

const dataDir = await tempFolder();
const hubs = await startTestHubs(2, { dataDir });

test('[FILE-3] a file comes as it was, with the type of its content, and nothing in it can run', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const content = Buffer.concat([dot, Buffer.from('<script>alert(1)</script>')]);
  const name = 'Plakat "1"; größe\u202e.html';
  const { url } = await uploaded(node(hubs), eventId, organizer, { content, name, type: 'image/webp' });
  const response = await fetch(node(hubs, 1).url + url);
  expect(response.status).toBe(200);
  expect(Buffer.from(await response.arrayBuffer())).toEqual(content);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    'content-disposition': `attachment; filename="Plakat__1___gr__e_.html"; filename*=UTF-8''${encodeURIComponent(name)}`,
    'cache-control': 'public, max-age=86400',
  });
});

test('whoever has it already gets 304', async () => {
  const eventId = await hubs.event();
  const { url } = await uploaded(node(hubs), eventId, await organizerOf(hubs, eventId));
  const etag = (await fetch(node(hubs).url + url)).headers.get('etag') ?? '';
  const again = await fetch(node(hubs, 1).url + url, { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
  expect(again.headers.get('cache-control')).toBe('public, max-age=86400');
});

test('attachment-not-found: none, a removed one, one of a draft, and one whose content is gone', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const refused = (attachmentId: string) =>
    expectRefused(node(hubs), 'attachments:read', { attachmentId }, undefined, 'attachment-not-found');
  await refused(nobody);
  const removed = await uploaded(node(hubs), eventId, organizer);
  await call(node(hubs), 'attachments:remove', { attachmentId: removed.id }, organizer);
  await refused(removed.id);
  const lost = await uploaded(node(hubs), eventId, organizer);
  await rm(join(dataDir, 'attachments', lost.id));
  await refused(lost.id);
  const draft = await hubs.event({ publish: false });
  const early = await uploaded(node(hubs), draft, await organizerOf(hubs, draft));
  await refused(early.id);
  const headers = { authorization: `Bearer ${(await organizerOf(hubs, draft)).token}` };
  const response = await fetch(node(hubs).url + early.url, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.get('cache-control')).toBe('private, no-cache');
});

test('[FILE-3] content that was changed behind the hub is not shown', async () => {
  const eventId = await hubs.event();
  const { id, url } = await uploaded(node(hubs), eventId, await organizerOf(hubs, eventId));
  await writeFile(join(dataDir, 'attachments', id), '<script>');
  expect((await fetch(node(hubs).url + url)).status).toBe(500);
});
