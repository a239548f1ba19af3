import { expect, test } from 'vitest';
import { organizerIn } from '../../events/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);

async function deleted(): Promise<string> {
  const { id: eventId } = await organizer.draft();
  await call(hub, 'events:delete', { eventId }, organizer.user);
  return eventId;
}

test('[EVENT-7] what was deleted can be restored, and goes on as it was', async () => {
  const eventId = await deleted();
  const restored = await call(node(hubs, 1), 'events:restore', { eventId }, organizer.user);
  expect(restored).toMatchObject({ id: eventId, deletedAt: null, status: 'draft' });
  expect(await call(hub, 'events:restore', { eventId }, organizer.user)).toEqual(restored);
  await call(hub, 'events:publish', { eventId }, organizer.user);
  await (await hubs.connect(undefined, 1)).watching(eventId);
  const notes = await hubs.sql<{ action: string }>(
    'select action from audit where event_id = $1 order by id',
    [eventId],
  );
  expect(notes.map(({ action }) => action)).toEqual([
    'event-created',
    'event-deleted',
    'event-restored',
    'event-published',
  ]);
});

test('[EVENT-7] forbidden: what an admin deleted is restored by admins only', async () => {
  const admin = await hubs.user('admin');
  const { id: eventId } = await organizer.draft();
  await call(hub, 'events:delete', { eventId }, admin);
  await expectRefused(hub, 'events:restore', { eventId }, organizer.user, 'forbidden');
  const restored = await call(hub, 'events:restore', { eventId }, admin);
  expect(restored.deletedAt).toBeNull();
  await call(hub, 'events:delete', { eventId }, organizer.user);
  await call(hub, 'events:restore', { eventId }, organizer.user);
});

test("event-not-found: there is none, or it is somebody else's", async () => {
  const eventId = await deleted();
  await expectRefused(hub, 'events:restore', { eventId: nobody }, organizer.user, 'event-not-found');
  await expectRefused(hub, 'events:restore', { eventId }, await hubs.user('organizer'), 'event-not-found');
});

test("[REQ-2] 'request-id-reused': restored once under one key", async () => {
  const [eventId, other] = [await deleted(), await deleted()];
  await expectOnce(hubs, 'events:restore', [{ eventId }, { eventId: other }], organizer.user);
});
