import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Attachments } from '../../../src/attachments/attachments.ts';
import { diskStore } from '../../../src/attachments/file-store.ts';
import { makeLogger } from '../../../src/log.ts';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { call, dot, expectRefused, nobody, node, organizerOf, type Problem } from '../support.ts';
import { upload, uploaded } from './support.ts';

const dataDir = await tempFolder();
const hubs = await startTestHubs(2, { dataDir });

/** An event of an organizer with no other. */
async function scene() {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  return { eventId, organizer };
}
const problemOf = async (response: Response) => (await response.json()) as Problem;

const files: [string, Buffer<ArrayBuffer>][] = [
  ['image/png', dot],
  ['image/gif', Buffer.from('R0lGODlhAQABAAAAACwAAAAAAQABAAA=', 'base64')],
  ['image/jpeg', Buffer.from('/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////', 'base64')],
  ['image/webp', Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64')],
  ['image/avif', Buffer.from('\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf', 'latin1')],
  ['application/pdf', Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\n')],
];

test.each(files)('[FILE-1] %s is known by its content, whatever the header says', async (type, content) => {
  const { eventId, organizer } = await scene();
  const header = type === 'image/png' ? 'image/gif' : 'image/png';
  const attachment = await uploaded(node(hubs), eventId, organizer, {
    type: header,
    content,
    name: 'Plakat – 1.x',
  });
  expect(attachment).toMatchObject({ eventId, name: 'Plakat – 1.x', type, bytes: content.length });
  expect(attachment.sha256).toBe(createHash('sha256').update(content).digest('hex'));
});

const refusedFiles: [string, string][] = [
  ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
  ['SVG with a declaration', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'],
  ['HTML', '<!doctype html><script>alert(1)</script>'],
  ['text', 'just text'],
  ['a ZIP archive', 'PK\x03\x04\x14\0\0\0\x08\0'],
  ['a program', '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0'],
];

test.each(refusedFiles)('[FILE-1] attachment-refused: %s that says it is a PNG', async (_, content) => {
  const { eventId, organizer } = await scene();
  const response = await upload(node(hubs), eventId, organizer, { content: Buffer.from(content, 'latin1') });
  expect(response.status).toBe(422);
  const problem = await problemOf(response);
  expect(problem.code).toBe('attachment-refused');
  expect(problem.details?.allowed).toContain('image/png');
});

test('[FILE-1] 415: SVG, HTML and anything else that says what it is', async () => {
  const { eventId, organizer } = await scene();
  for (const type of [
    'image/svg+xml',
    'text/html',
    'application/json',
    'multipart/form-data; boundary=x',
    '',
  ]) {
    const response = await upload(node(hubs), eventId, organizer, { type });
    expect(response.status, type).toBe(415);
    expect((await problemOf(response)).code).toBe('unsupported-media-type');
  }
});

test('413: more than 10 MB', async () => {
  const { eventId, organizer } = await scene();
  const content = Buffer.concat([dot, Buffer.alloc(10 * 1024 * 1024)]);
  const response = await upload(node(hubs), eventId, organizer, { content });
  expect(response.status).toBe(413);
  expect((await problemOf(response)).details).toEqual({ maxBytes: 10 * 1024 * 1024 });
});

test('a name is text and never a path', async () => {
  const { eventId, organizer } = await scene();
  for (const name of ['../../x.png', 'a/b.png', 'a\\b.png', 'a\nb', 'a\0b', '', 'x'.repeat(201)]) {
    const response = await upload(node(hubs), eventId, organizer, { name });
    expect(response.status, JSON.stringify(name)).toBe(400);
    expect((await problemOf(response)).details).toMatchObject({ field: 'name' });
  }
  expect((await uploaded(node(hubs), eventId, organizer, { name: '..' })).name).toBe('..');
});

test('request-id-reused: one key is one file, on any node', async () => {
  const { eventId, organizer } = await scene();
  const key = requestId();
  const first = await uploaded(node(hubs), eventId, organizer, { key });
  expect(await uploaded(node(hubs, 1), eventId, organizer, { key })).toEqual(first);
  const other = await upload(node(hubs, 1), eventId, organizer, { key, content: Buffer.concat([dot, dot]) });
  expect((await problemOf(other)).code).toBe('request-id-reused');
  const { attachments } = await call(node(hubs), 'attachments:list', { eventId });
  expect(attachments).toEqual([first]);
});

test('[FILE-2] attachments-full: at most 20 files an event, however many come at once', async () => {
  const { eventId, organizer } = await scene();
  const answers = await Promise.all(
    Array.from({ length: 25 }, (_, i) => upload(node(hubs, i % 2), eventId, organizer)),
  );
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  const refused = answers.find(({ status }) => status !== 201) as Response;
  expect(await problemOf(refused)).toMatchObject({ code: 'attachments-full', details: { filesOfEvent: 20 } });
  const { attachments } = await call(node(hubs), 'attachments:list', { eventId });
  await call(node(hubs), 'attachments:remove', { attachmentId: attachments[0]?.id ?? '' }, organizer);
  await uploaded(node(hubs), eventId, organizer);
});

test('[FILE-2] attachments-full: the bytes of an organizer are counted over all their events', async () => {
  const { eventId, organizer } = await scene();
  const { db, events } = node(hubs).engine;
  const tight = new Attachments({
    db,
    store: diskStore(dataDir),
    log: makeLogger('silent', false, 'test'),
    limits: { filesOfEvent: 100, bytesOfOrganizer: 0 },
  });
  const card = await events.card(eventId);
  if (!card) throw new Error('no event');
  const by = { userId: organizer.id, sessionId: null, requestId: null };
  const denied = tight.add(card, 'dot.png', new Uint8Array(dot), by);
  await expect(denied).rejects.toMatchObject({ code: 'attachments-full', details: { bytesOfOrganizer: 0 } });
});

test('event-not-found: the event of another organizer, and none', async () => {
  const { eventId } = await scene();
  const other = await hubs.user('organizer');
  for (const id of [eventId, nobody]) {
    await expectRefused(node(hubs), 'attachments:add', { eventId: id, name: 'x' }, other, 'event-not-found');
  }
});
