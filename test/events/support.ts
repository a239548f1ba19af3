/** What the tests of events share: an organizer with a plan, and events of it that differ in what a test is about. */
import type { Event, EventsCreateRequest, Plan } from '../../src/contracts.gen.ts';
import { call, node } from '../channels/support.ts';
import { type TestHubs, type TestUser, testPlan } from '../support/hub.ts';

export interface Organizer {
  readonly user: TestUser;
  readonly plan: Plan;
  /** A request for an event, with these fields in particular. */
  input(fields?: Partial<EventsCreateRequest>): EventsCreateRequest;
  draft(fields?: Partial<EventsCreateRequest>): Promise<Event>;
  published(fields?: Partial<EventsCreateRequest>): Promise<Event>;
}

export async function organizerIn(hubs: TestHubs, seats = 20): Promise<Organizer> {
  const user = await hubs.user('organizer');
  const plan = await call(node(hubs), 'plans:import', testPlan(seats), user);
  const organizer: Organizer = {
    user,
    plan,
    input: (fields = {}) => ({
      planId: plan.id,
      title: 'An evening',
      startsAt: '2090-03-14T19:30:00Z',
      endsAt: '2090-03-14T22:00:00Z',
      currency: 'EUR',
      prices: { Stalls: 2500 },
      ...fields,
    }),
    draft: (fields) => call(node(hubs), 'events:create', organizer.input(fields), user),
    async published(fields) {
      const { id: eventId } = await organizer.draft(fields);
      return call(node(hubs), 'events:publish', { eventId }, user);
    },
  };
  return organizer;
}

export const address = { street: 'Veldstraat 1', city: 'Ghent', postalCode: '9000', country: 'BE' } as const;
