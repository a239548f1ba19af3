import type { Events } from '../events/events.ts';
import { Gate } from '../gate.ts';
import { isId } from '../ids.ts';

/** So long a page waits for PostgreSQL; events whose cards are known here need none. */
const patienceMs = 500;
/** Anybody may ask for a page of any id, as often as they like: those who hold seats are not to wait for that. */
const looksAtOnce = 2;

/**
 * The status of an event's page: 404 for what is no id, and where there is no event that everybody may see. The page is
 * the same, and says so itself. A draft is as good as none, also to its organizer: a browser that opens a page does not
 * say who asks. Where it cannot be told in time it is 200, as the page asks for itself.
 */
export function eventStatus(events: Pick<Events, 'isPublic'>): (eventId: string) => Promise<200 | 404> {
  const looks = new Gate(looksAtOnce, 0);
  return async (eventId) => {
    if (!isId(eventId)) return 404;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<200>((resolve) => {
      timer = setTimeout(resolve, patienceMs, 200);
    });
    const look = looks
      .run(() => events.isPublic(eventId))
      .then(
        (isPublic) => (isPublic ? 200 : 404),
        () => 200 as const,
      );
    return Promise.race([look, late]).finally(() => clearTimeout(timer));
  };
}
