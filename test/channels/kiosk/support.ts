/** A venue with its organizer, events and screens. */
import { BoardCopy } from '../../../src/client/board-copy.ts';
import type { Board, BoardEvent, KioskAnnounceRequest } from '../../../src/contracts.gen.ts';
import { newId } from '../../../src/ids.ts';
import { newSessionId, Tokens } from '../../../src/session.ts';
import { type TestClient, until } from '../../support/client.ts';
import { type EventOptions, type TestHubs, type TestUser, testKeys } from '../../support/hub.ts';
import { call, node } from '../support.ts';

const tokens = new Tokens(testKeys, 3_600_000);

export interface House {
  organizer: TestUser;
  venueId: string;
  /** Another venue of the same organizer. */
  venue(name: string, city: string): Promise<string>;
  /** An event at the venue, its organizer's. */
  event(options?: EventOptions & { title?: string }): Promise<string>;
  /** A device that was paired for the venue. Straight into the table: so many codes are typed by nobody. */
  kiosk(name?: string): Promise<TestUser>;
  /** A screen of the venue with its board. */
  screen(index?: number): Promise<Screen>;
  announce(request: KioskAnnounceRequest, index?: number): Promise<string>;
}

export interface Screen {
  client: TestClient;
  copy: BoardCopy;
}

export async function house(hubs: TestHubs): Promise<House> {
  const organizer = await hubs.user('organizer');
  const venue = async (name: string, city: string) => {
    const address = { street: '', city, postalCode: '9000', country: 'BE' };
    const input = { name, address, timeZone: 'Europe/Brussels' };
    return (await call(node(hubs), 'venues:create', input, organizer)).id;
  };
  const venueId = await venue('Concert hall', 'Ghent');
  const made: House = {
    organizer,
    venueId,
    venue,
    async event({ title = 'An evening', startsInMs = 3_600_000, ...options } = {}) {
      const eventId = await hubs.event({ startsInMs, ...options });
      await hubs.sql('update events set venue_id = $2, organizer_id = $3, title = $4 where id = $1', [
        eventId,
        venueId,
        organizer.id,
        title,
      ]);
      await node(hubs).engine.eventChanged(eventId);
      return eventId;
    },
    async kiosk(name = 'Foyer') {
      const [id, sessionId, until] = [newId(), newSessionId(), Date.now() + 3_600_000];
      await hubs.sql(
        `insert into kiosks (id, organizer_id, venue_id, name, session_id, paired_at, token_until)
         values ($1, $2, $3, $4, $5, now(), $6)`,
        [id, organizer.id, venueId, name, sessionId, new Date(until)],
      );
      return { id, token: (await tokens.sign({ id, role: 'kiosk' }, { sessionId, until })).token };
    },
    async screen(index = 0) {
      return screenOf(await hubs.connect(await made.kiosk(), index));
    },
    async announce(request, index = 0) {
      const { announcement } = await call(node(hubs, index), 'kiosk:announce', request, organizer);
      return announcement.id;
    },
  };
  return made;
}

export async function screenOf(client: TestClient, venueId?: string): Promise<Screen> {
  const copy = new BoardCopy(client, { ...(venueId ? { venueId } : {}) });
  await until(() => copy.fresh, 'the board to be there');
  return { client, copy };
}

/** Resolves once the board of a screen is so. */
export const untilShows = (
  { copy }: Screen,
  fits: (board: Board) => boolean | undefined,
  what: string,
): Promise<void> => until(() => (copy.board ? (fits(copy.board) ?? false) : false), what);

/** What the board says of an event. */
export const lineOf = ({ copy }: Screen, eventId: string): BoardEvent | undefined =>
  copy.board?.events.find(({ id }) => id === eventId);
