/** The board of a venue on a screen that nobody touches: paired once, then left alone for years. */
import { BoardCopy } from '../client/board-copy.ts';
import { SeatcastClient } from '../client/client.ts';
import { HubClock } from './hub-clock.ts';
import { forgetPaired, hush, pair, readPaired, say } from './kiosk-pairing.ts';
import { KioskScreen } from './kiosk-screen.ts';
import { Session } from './session.ts';

/** A connection that is away for a moment is nobody's business. */
const lostAfterMs = 3000;
/** Screens that load a new version do so one after the other. */
const reloadWithinMs = 60_000;
const brokenMs = 60_000;

const screen = new KioskScreen();
const clock = new HubClock();

async function start(): Promise<void> {
  const venueId = new URLSearchParams(location.search).get('venue');
  if (venueId) return preview(venueId);
  const paired = readPaired() ?? (await pair());
  say(paired.name, 'Connecting …');
  run(new SeatcastClient({ token: paired.token, timeoutMs: 8000 }), undefined, () => {
    forgetPaired();
    location.reload();
  });
}

/** For organizers, who see what their screens show. */
function preview(venueId: string): void {
  const session = new Session();
  const token = session.current?.token;
  if (!token) {
    say('Preview', 'Sign in as an organizer on the page of events, then load this page again.');
    return;
  }
  const client = new SeatcastClient({ token, newToken: () => session.renew() });
  session.on('renewed', (signedIn) => client.renew(signedIn.token));
  run(client, venueId, () => say('Preview', 'Sign in again to see this board.'));
}

function run(client: SeatcastClient, venueId: string | undefined, refused: () => void): void {
  const copy = new BoardCopy(client, venueId ? { venueId } : {});
  copy.describe = () => ({ page: screen.page, screen: `${innerWidth}x${innerHeight}` });
  let lostAt: number | undefined = performance.now();
  let isReloading = false;

  const show = () => {
    const { board } = copy;
    if (!board) return;
    clock.sync(copy.clockOffsetMs);
    screen.show(board, clock.now());
    const isLost = lostAt !== undefined && performance.now() - lostAt > lostAfterMs;
    screen.lost(isLost ? copy.asOf + copy.clockOffsetMs : undefined, board.timeZone);
    if (copy.version !== copy.firstVersion && !isReloading) {
      isReloading = true;
      setTimeout(() => location.reload(), Math.random() * reloadWithinMs);
    }
  };
  copy.on('changed', () => {
    hush();
    show();
  });
  copy.on('fresh', (fresh) => {
    lostAt = fresh ? undefined : (lostAt ?? performance.now());
    show();
  });
  copy.on('missing', (code) => {
    if (code === 'kiosk-unassigned') {
      say('This screen is paired', 'It shows a board as soon as its organizer has chosen a venue for it.');
    } else say('There is no such board', 'The venue is gone, or it is somebody else’s.');
  });
  client.on('state', (state) => {
    if (state !== 'closed') return;
    if (client.lastDisconnect?.reconnect === 'new-token') refused();
    else setTimeout(() => location.reload(), brokenMs * (0.5 + Math.random() / 2));
  });
  // Once a second of the hub's clock, on the second: pages turn and clocks jump on all screens together.
  const everySecond = () => {
    show();
    setTimeout(everySecond, 1000 - (clock.now() % 1000) + 5);
  };
  everySecond();
  stayAwake();
}

/** Where the browser can, the screen is kept on; it lets go whenever the page is hidden. */
function stayAwake(): void {
  const ask = () => {
    if (document.visibilityState === 'visible')
      void navigator.wakeLock?.request('screen').catch(() => undefined);
  };
  document.addEventListener('visibilitychange', ask);
  ask();
}

void start();
