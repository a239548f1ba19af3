/**
 * The service worker: shows what comes by web push, and nothing else; pages load as if it were not there.
 * `/push-worker.js` imports it, so that its scope is the whole site.
 */
import { type PushNotice, pushNotice } from './push-notice.ts';

/** Of the types of service workers, which exclude those of pages, what is used here. */
interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface WorkerEvents {
  install: WorkerEvent;
  push: WorkerEvent & { data: { text(): string } | null };
  notificationclick: WorkerEvent & { notification: Notification };
}
interface Window {
  readonly url: string;
  focus(): Promise<unknown>;
}
interface Worker {
  addEventListener<E extends keyof WorkerEvents>(name: E, act: (event: WorkerEvents[E]) => void): void;
  skipWaiting(): Promise<void>;
  readonly location: Location;
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: 'window'; includeUncontrolled: true }): Promise<Window[]>;
    openWindow(path: string): Promise<unknown>;
  };
}
const worker = globalThis as unknown as Worker;

// Nothing of an older one is in use: no page is served by it.
worker.addEventListener('install', (event) => event.waitUntil(worker.skipWaiting()));
worker.addEventListener('push', (event) => event.waitUntil(show(pushNotice(event.data?.text() ?? ''))));
worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open((event.notification.data as Pick<PushNotice, 'path'>).path));
});

const show = ({ title, body, tag, path }: PushNotice): Promise<void> =>
  worker.registration.showNotification(title, {
    body,
    tag,
    icon: '/assets/pages/notification-icon.png',
    data: { path },
  });

/** Where it is open already, it is not opened again. */
async function open(path: string): Promise<void> {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = windows.find(({ url }) => new URL(url).pathname === path);
  await (there ? there.focus() : worker.clients.openWindow(path));
}
