/** Those who wait, when nodes die between two steps, PostgreSQL is away, or Redis has lost its data. */
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { joinWaitlist, recordWaitlist } from '../../src/database/waitlist-statements.ts';
import { newId } from '../../src/ids.ts';
import { declineOffer } from '../../src/redis/scripts/decline-offer.ts';
import { runScript } from '../../src/redis/scripts/script.ts';
import { audited, fullEvent, offered, waiting } from '../channels/waitlist/support.ts';
import { call, heard, node } from '../channels/support.ts';
import { requestId, type TestClient, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { ownRedis } from '../support/redis.ts';

const redis = await ownRedis();
const hubs = await startTestHubs(2, {}, { redisUrl: redis.url });

// A test that fails half-way must not take the next ones with it.
afterEach(async () => {
  await redis.revive();
  await until(() => hubs.nodes.every((hub) => hub.links.available), 'both nodes to have Redis back');
});

const positions = async (client: TestClient, eventId: string) =>
  (await client.request('waitlist:position', { eventId })).entries.map(({ position }) => position);

/** What a node does up to the moment it dies: the script has run, and nobody acts on its answer. */
async function declineAndDie(eventId: string, owner: string, holdId: string) {
  const { keys, links } = node(hubs);
  const home = links.home(keys.event(eventId));
  const args = { owner, requestId: requestId(), fingerprint: '', holdId, actor: `${owner},,` };
  const outcome = await runScript(home.redis, declineOffer, keys.event(eventId), home.run, args);
  if (!outcome.loaded) throw new Error('the event is not loaded');
  return outcome.effects.steps;
}

describe('[WAIT-10] a node dies', () => {
  test('between the script and PostgreSQL: another writes it down and tells', async () => {
    const event = await fullEvent(hubs);
    const { eventId } = event;
    const ada = await offered(hubs, event, 3);
    const bob = await waiting(hubs, eventId, {}, 1);
    const told = bob.client.next('waitlist:promoted');
    const steps = await declineAndDie(eventId, ada.user.id, ada.offer.holdId);
    expect(steps.map(({ kind }) => kind)).toEqual(['declined', 'offered']);
    const { offer } = await told;
    expect(offer.seats.map(({ seat }) => seat)).toEqual([3]);
    await bob.client.request('waitlist:accept', { eventId, holdId: offer.holdId, requestId: requestId() });
    await until(async () => (await audited(hubs, eventId)).length === 6, 'all steps to be written down');
    expect((await audited(hubs, eventId)).map(({ action }) => action)).toEqual([
      'waitlist-joined',
      'waitlist-offered',
      'waitlist-joined',
      'waitlist-declined',
      'waitlist-offered',
      'waitlist-accepted',
    ]);
    expect(heard(bob.client, 'waitlist:promoted')).toHaveLength(1);
  });

  test('between PostgreSQL and the tell: the outbox tells, and each step is written once', async () => {
    const event = await fullEvent(hubs);
    const { eventId } = event;
    const ada = await offered(hubs, event, 3);
    const bob = await waiting(hubs, eventId, {}, 1);
    const told = bob.client.next('waitlist:promoted');
    const steps = (await declineAndDie(eventId, ada.user.id, ada.offer.holdId)).map(
      ({ missed, since, owner: _, actor: __, ...step }) => ({
        ...step,
        skipped: missed,
        offeredAt: since,
        totalCents: 2500,
        actorId: null,
      }),
    );
    const { db } = node(hubs).engine;
    const written = await Promise.all([1, 2, 3].map(() => db.run(recordWaitlist, JSON.stringify(steps))));
    expect(written.flat().filter((row) => row.is_new)).toHaveLength(2);
    expect((await told).entryId).toBe(bob.entryId);
    const unrecorded = node(hubs).keys.event(eventId).at(-1) ?? '';
    await until(
      async () => (await node(hubs).links.commands.hlen(unrecorded)) === 0,
      'the steps to be forgotten',
    );
    expect((await audited(hubs, eventId)).map(({ action }) => action)).toEqual([
      'waitlist-joined',
      'waitlist-offered',
      'waitlist-joined',
      'waitlist-declined',
      'waitlist-offered',
    ]);
  });

  test('an offer that is told of late, after the next one, takes nothing back', async () => {
    const { eventId } = await fullEvent(hubs);
    const user = await hubs.user();
    const { db } = node(hubs).engine;
    const entries = await Promise.all(
      ['Stalls', null].map(async (category) => {
        const [made] = await db.run(joinWaitlist, newId(), eventId, user.id, category, 1, false, null, null);
        return made?.id ?? '';
      }),
    );
    const now = Date.now();
    const step = (entryId: string | undefined, kind: string, state: string, holdId: string, at: number) => ({
      key: `${entryId}:${at}`,
      entryId,
      version: at,
      kind,
      userId: user.id,
      state,
      order: 9e14 + now,
      skipped: 0,
      passes: 0,
      holdId,
      seats: [1],
      totalCents: 2500,
      offeredAt: kind === 'expired' ? at - 1000 : at,
      until: now + 60_000,
      at,
      reason: '',
      position: 1,
    });
    const [first, second] = entries;
    const write = (...steps: object[]) => db.run(recordWaitlist, JSON.stringify(steps));
    await write(step(first, 'expired', 'waiting', 'late-1', now + 1000));
    await write(step(second, 'offered', 'offered', 'late-2', now + 2000));
    await write(step(first, 'offered', 'offered', 'late-1', now));
    expect(
      await hubs.sql('select hold_id, state from waitlist_offers where event_id = $1 order by 1', [eventId]),
    ).toEqual([
      { hold_id: 'late-1', state: 'expired' },
      { hold_id: 'late-2', state: 'live' },
    ]);
    // What happened is told in the order in which it did.
    const written = await write(step(second, 'accepted', 'accepted', 'late-2', now + 3000));
    expect(written).toMatchObject([{ is_new: true }]);
  });

  test('an account that is disabled waits for nothing: its offer is the next one’s', async () => {
    const event = await fullEvent(hubs);
    const { eventId } = event;
    const ada = await offered(hubs, event, 3);
    const bob = await waiting(hubs, eventId, {}, 1);
    const told = bob.client.next('waitlist:promoted');
    const admin = await hubs.user('admin');
    await call(node(hubs), 'users:update', { userId: ada.user.id, disabled: true }, admin);
    expect((await told).offer.seats.map(({ seat }) => seat)).toEqual([3]);
    await until(
      async () =>
        (await hubs.sql("select from waitlist_entries where user_id = $1 and state = 'left'", [ada.user.id]))
          .length === 1,
      'the entry to be over',
    );
  });

  test('its steps are kept for a week after the start, and no longer', async () => {
    const events = [await fullEvent(hubs), await fullEvent(hubs)].map(({ eventId }) => eventId);
    for (const eventId of events) await waiting(hubs, eventId);
    const of = async (eventId: string | undefined) =>
      (
        await hubs.sql(
          'select from waitlist_steps join waitlist_entries on id = entry_id where event_id = $1',
          [eventId],
        )
      ).length;
    await hubs.sql(
      `insert into waitlist_steps (entry_id, version, kind)
       select id, step, 'passed' from waitlist_entries, generate_series(1, 3) as step where event_id = any ($1)`,
      [events],
    );
    const started = (days: number) =>
      hubs.sql("update events set starts_at = now() - $2 * interval '1 day' where id = $1", [
        events[0],
        days,
      ]);
    await started(6);
    await node(hubs).engine.waitlist.forgetSteps();
    expect(await of(events[0])).toBe(3);
    await started(8);
    await node(hubs).engine.waitlist.forgetSteps();
    expect(await of(events[0])).toBe(0);
    expect(await of(events[1])).toBe(3);
  });

  test('after an entry was made: the outbox puts it into the queue, where it would have been', async () => {
    const { eventId } = await fullEvent(hubs);
    const user = await hubs.user();
    const client = await hubs.connect(user);
    const { db } = node(hubs).engine;
    await db.run(joinWaitlist, newId(), eventId, user.id, null, 1, false, null, null);
    const bob = await waiting(hubs, eventId);
    await until(async () => (await positions(client, eventId))[0] === 1, 'the entry to be in the queue');
    expect(await positions(bob.client, eventId)).toEqual([2]);
  });

  test('a repeat of its request goes on where it was', async () => {
    const { eventId } = await fullEvent(hubs);
    const user = await hubs.user();
    const client = await hubs.connect(user);
    const id = requestId();
    const { db } = node(hubs).engine;
    const [made] = await db.run(joinWaitlist, newId(), eventId, user.id, null, 1, false, null, id);
    const { entry } = await client.request('waitlist:join', { eventId, quantity: 1, requestId: id });
    expect(entry).toMatchObject({ id: made?.id, position: 1 });
  });
});

test('[WAIT-10] while PostgreSQL cannot write, offers are made, and written down afterwards', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await waiting(hubs, eventId);
  const told = ada.client.next('waitlist:promoted');
  const lock = new pg.Client({ connectionString: hubs.databaseUrl });
  await lock.connect();
  await lock.query('begin');
  await lock.query('lock table waitlist_steps in access exclusive mode');
  await event.free(2);
  const { recorder } = node(hubs).engine.waitlist;
  await until(() => recorder.counts.failed > 0, 'the step not to be written');
  expect(heard(ada.client, 'waitlist:promoted')).toEqual([]);
  await lock.query('rollback');
  await lock.end();
  const { offer } = await told;
  const accept = { eventId, holdId: offer.holdId, requestId: requestId() };
  expect((await ada.client.request('waitlist:accept', accept)).hold.seats).toEqual([2]);
}, 60_000);

describe('[WAIT-11] Redis has lost its data', () => {
  test('the queue has the same order again, and who had an offer has it', async () => {
    const event = await fullEvent(hubs);
    const { eventId } = event;
    const ada = await offered(hubs, event, 3);
    const bob = await offered(hubs, event, 4);
    const waiters = [];
    for (let n = 0; n < 3; n++) waiters.push(await waiting(hubs, eventId, { quantity: 10 }));
    const cy = await waiting(hubs, eventId);
    await bob.client.request('waitlist:decline', {
      eventId,
      holdId: bob.offer.holdId,
      requestId: requestId(),
    });
    const seven = await waiting(hubs, eventId, { quantity: 7 });
    await until(
      async () =>
        (await hubs.sql("select from outbox where sent_at is null and topic like 'waitlist-%'")).length === 0,
      'everything to be told',
    );
    await redis.kill();
    redis.wipe();
    await redis.start();
    await until(() => hubs.nodes.every((hub) => hub.links.available), 'both nodes to have Redis back');
    // The holds are lost, so eight seats are free: for who has declined, and for the seven behind. Ten are still too many.
    const told = [bob, seven].map(({ client }) => client.next('waitlist:promoted'));
    expect((await ada.client.request('waitlist:position', { eventId })).entries).toMatchObject([
      { state: 'offered', offer: { holdId: ada.offer.holdId, expiresAt: ada.offer.expiresAt } },
    ]);
    expect((await Promise.all(told)).map(({ offer }) => offer.seats.length)).toEqual([1, 7]);
    expect((await cy.client.request('waitlist:position', { eventId })).entries).toMatchObject([
      { state: 'offered' },
    ]);
    for (const [at, { client }] of waiters.entries())
      expect(await positions(client, eventId)).toEqual([at + 1]);
    const accept = { eventId, holdId: ada.offer.holdId, requestId: requestId() };
    expect((await ada.client.request('waitlist:accept', accept)).hold.seats).toEqual([3]);
  }, 60_000);

  test('or was started again with it: nothing is offered twice', async () => {
    const event = await fullEvent(hubs);
    const { eventId } = event;
    const ada = await offered(hubs, event, 3);
    const bob = await waiting(hubs, eventId);
    const accept = { eventId, holdId: ada.offer.holdId, requestId: requestId() };
    const { hold } = await ada.client.request('waitlist:accept', accept);
    // Redis syncs its file every second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await redis.kill();
    await redis.start();
    await until(() => hubs.nodes.every((hub) => hub.links.available), 'both nodes to have Redis back');
    expect(await positions(bob.client, eventId)).toEqual([1]);
    expect((await ada.client.request('seats:holds', { eventId })).holds).toMatchObject([
      { holdId: hold.holdId },
    ]);
    expect((await ada.client.request('waitlist:position', { eventId })).entries).toEqual([]);
  }, 60_000);
});
