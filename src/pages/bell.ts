/** The bell in the header: how many notifications were not read, and the latest of them. Live while the page is open. */
import type { SeatcastClient } from '../client/client.ts';
import type { Notification } from '../contracts.gen.ts';
import { DevicePush } from './device-push.ts';
import { deviceSwitch } from './device-switch.ts';
import { el, fill, icon } from './dom.ts';
import { ago, notificationWords } from './notification-words.ts';
import type { Session } from './session.ts';
import { endToast, toast } from './toast.ts';

const shownAtMost = 20;
/** Those one would miss something by. */
const urgent: ReadonlySet<Notification['kind']> = new Set([
  'starting-soon',
  'event-rescheduled',
  'event-cancelled',
  'waitlist-promoted',
]);

export class Bell {
  readonly #place: HTMLElement;
  readonly #session: Session;
  readonly #client: SeatcastClient;
  readonly #push: DevicePush;
  readonly #count = el('span', { class: 'bell-count', 'aria-hidden': 'true' });
  readonly #button = el(
    'button',
    { class: 'icon-button bell-button', type: 'button', id: 'bell', 'aria-expanded': 'false' },
    icon('bell'),
    this.#count,
  );
  readonly #list = el('ul', { class: 'bell-list' });
  readonly #panel = el(
    'section',
    { class: 'bell-panel', id: 'notifications', 'aria-label': 'Notifications', hidden: true },
    el('h2', {}, 'Notifications'),
    this.#list,
  );
  #notifications: Notification[] = [];
  #unread = 0;

  constructor(place: HTMLElement, session: Session, client: SeatcastClient) {
    this.#place = place;
    this.#session = session;
    this.#client = client;
    this.#push = new DevicePush(session, client);
    this.#panel.append(deviceSwitch(this.#push));
    fill(place, this.#button, this.#panel);
    this.#button.addEventListener('click', () => this.#open(this.#panel.hidden !== false));
    addEventListener('click', ({ target }) => {
      if (target instanceof Node && !place.contains(target)) this.#open(false);
    });
    place.addEventListener('keydown', ({ key }) => {
      if (key !== 'Escape' || this.#panel.hidden) return;
      this.#open(false);
      this.#button.focus();
    });
    session.on('changed', () => this.#forget());
    client.on('state', (state) => {
      if (state === 'connected') void this.#load();
    });
    client.on('notifications:made', ({ notification }) => this.#made(notification));
    client.on('notifications:marked', ({ unread }) => {
      this.#unread = unread;
      if (this.#panel.hidden) this.#forgetDots();
      this.#show();
    });
    client.on('waitlist:offer-expired', ({ holdId }) => endToast(holdId));
    client.on('waitlist:closed', ({ entryId }) => {
      for (const { payload } of this.#notifications)
        if (payload.entryId === entryId && payload.holdId) endToast(payload.holdId);
    });
    this.#show();
    if (client.state === 'connected') void this.#load();
  }

  /** What came while there was no connection is in the list. */
  async #load(): Promise<void> {
    const asked = this.#session.current?.user.id;
    if (!asked) return;
    try {
      const page = await this.#client.request('notifications:list', { limit: shownAtMost });
      if (this.#session.current?.user.id !== asked) return;
      this.#notifications = page.notifications;
      this.#unread = page.unread;
      this.#show();
    } catch (error) {
      // With the next connection it is asked for again.
      console.info('Notifications were not loaded.', error);
    }
  }

  #forget(): void {
    this.#notifications = [];
    this.#unread = 0;
    this.#open(false);
    this.#show();
  }

  #made(notification: Notification): void {
    if (this.#notifications.some(({ id }) => id === notification.id)) return;
    this.#notifications = [notification, ...this.#notifications].slice(0, shownAtMost);
    this.#unread++;
    const { title, text, kind } = notificationWords(notification);
    const { holdId: name, until } = notification.payload;
    const leftMs = Date.parse(until ?? '') - Date.parse(notification.createdAt);
    const offer = name && until ? { name, leftMs } : undefined;
    if (urgent.has(notification.kind)) toast(text === '' ? title : `${title}. ${text}`, kind, offer);
    this.#show();
    if (!this.#panel.hidden) this.#markRead();
  }

  #open(open: boolean): void {
    if (open === !this.#panel.hidden) return;
    this.#panel.hidden = !open;
    this.#button.setAttribute('aria-expanded', `${open}`);
    if (open) {
      this.#show();
      this.#markRead();
      void this.#push.look();
    } else {
      this.#forgetDots();
      this.#show();
    }
  }

  /** Dots stay as long as one looks at them. */
  #forgetDots(): void {
    if (this.#unread > 0) return;
    const readAt = new Date().toISOString();
    this.#notifications = this.#notifications.map((each) => ({ ...each, readAt: each.readAt ?? readAt }));
  }

  #markRead(): void {
    const [newest] = this.#notifications;
    if (!newest || this.#unread === 0) return;
    this.#client
      .request('notifications:read', { until: newest.createdAt })
      .then(({ unread }) => {
        this.#unread = unread;
        this.#show();
      })
      .catch((error: unknown) => console.info('Notifications were not marked as read.', error));
  }

  #show(): void {
    this.#place.hidden = this.#session.current === undefined;
    this.#count.textContent = this.#unread > 99 ? '99+' : `${this.#unread}`;
    this.#count.hidden = this.#unread === 0;
    this.#button.setAttribute(
      'aria-label',
      this.#unread === 0 ? 'Notifications' : `Notifications, ${this.#unread} not read`,
    );
    if (this.#panel.hidden) return;
    const now = Date.now();
    if (this.#notifications.length === 0)
      fill(this.#list, el('li', { class: 'bell-nothing' }, 'Nothing yet.'));
    else fill(this.#list, ...this.#notifications.map((each) => item(each, now)));
  }
}

function item(notification: Notification, now: number): HTMLElement {
  const { id, eventId, readAt, createdAt } = notification;
  const { title, text, kind } = notificationWords(notification);
  const words = [
    el('span', { class: 'bell-title' }, title),
    text !== '' && el('span', { class: 'bell-text' }, text),
    el('time', { class: 'bell-time', datetime: createdAt }, ago(createdAt, now)),
  ];
  const attributes = {
    class: 'bell-item',
    'data-kind': kind,
    'data-read': `${readAt !== null}`,
    'data-id': id,
  };
  return el(
    'li',
    {},
    eventId
      ? el('a', { ...attributes, href: `/events/${eventId}` }, ...words)
      : el('div', attributes, ...words),
  );
}
