/** What the page of screens asks the hub for. What changes something rejects with a `Problem`. */
import type { SeatcastClient } from '../client/client.ts';
import type {
  Kiosk,
  KioskAnnounceRequest,
  KiosksPairRequest,
  KiosksUpdateRequest,
  Venue,
  VenuesListReply,
} from '../contracts.gen.ts';
import { ownApi } from './own-api.ts';
import type { Session } from './session.ts';

/** More than that nobody looks after on one page. */
const readAtMost = 500;
const pageSize = 100;

/** All kiosks of an organizer, of everybody for an admin, by their names. Rejects with a `RequestFailed`. */
export async function readKiosks(client: SeatcastClient): Promise<Kiosk[]> {
  const found: Kiosk[] = [];
  let cursor: string | undefined;
  do {
    const asked = { limit: pageSize, ...(cursor ? { cursor } : {}) };
    const { kiosks, nextCursor } = await client.request('kiosks:list', asked);
    found.push(...kiosks);
    cursor = nextCursor ?? undefined;
  } while (cursor && found.length < readAtMost);
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

/** The venues of an organizer, all of them for an admin. */
export async function readVenues(session: Session): Promise<Venue[]> {
  const whose = session.current?.user.role === 'admin' ? '' : '&mine=true';
  const found: Venue[] = [];
  let cursor: string | undefined;
  do {
    const more = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
    const path = `/api/v1/venues?limit=${pageSize}${whose}${more}`;
    const { venues, nextCursor } = await ownApi<VenuesListReply>(session, path);
    found.push(...venues);
    cursor = nextCursor ?? undefined;
  } while (cursor && found.length < readAtMost);
  return found;
}

export class ScreensApi {
  readonly #session: Session;
  /** What was asked for last and not answered with a yes: asked once more it goes under the same key. */
  #open: { wish: string; key: string } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  pair = (wish: KiosksPairRequest): Promise<unknown> => this.#once('/api/v1/kiosks', wish);
  announce = (wish: KioskAnnounceRequest): Promise<unknown> => this.#once('/api/v1/announcements', wish);

  change({ kioskId, ...patch }: KiosksUpdateRequest): Promise<unknown> {
    return ownApi(this.#session, `/api/v1/kiosks/${kioskId}`, { patch });
  }

  revoke(kioskId: string): Promise<unknown> {
    return ownApi(this.#session, `/api/v1/kiosks/${kioskId}`, { remove: true });
  }

  withdraw(announcementId: string): Promise<unknown> {
    return ownApi(this.#session, `/api/v1/announcements/${announcementId}`, { remove: true });
  }

  async #once(path: string, post: object): Promise<unknown> {
    const wish = `${path} ${JSON.stringify(post)}`;
    if (this.#open?.wish !== wish) this.#open = { wish, key: crypto.randomUUID() };
    const answer = await ownApi(this.#session, path, { post, key: this.#open.key });
    this.#open = undefined;
    return answer;
  }
}
