/** What the examples say of what is sent out of the hub: a webhook of the theatre, and a mail that never arrived. */
import { withDefaults } from '../notifications/preferences.ts';

const webhookId = '01a3703a-6c12-7b55-9d0e-4f1c8e27a390';
const organizerId = '01a367c3-06ac-7a36-8c4f-d51e6b0a97f2';
const url = 'https://books.example.org/hooks/seatcast';
const secret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD1fCDb3qk8n8=';
const deliveryId = '48211';
const publicKey = 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM';
const link = `${organizerId}.starting-soon.Vb0Zt1fUq2nXoS6cYl9wR4mKjD8hE3aG7pTiN5vQx0M`;
const endpoint = 'https://push.example.org/send/fQ8zJm2L0xY';

export const notificationPreferences = withDefaults({}, { 'waitlist-closed': { email: false } });

export const deliveryFields: Readonly<Record<string, unknown>> = {
  webhookId,
  deliveryId,
  endpointId: webhookId,
  link,
  endpoint,
  'webhooks:create.url': url,
  'webhooks:create.types': ['booking.confirmed', 'booking.cancelled'],
  'webhooks:create.secret': secret,
  'webhooks:update.secret': null,
  'webhooks:retry.retried': 12,
  'deliveries:retry.retried': 12,
  'push:key.publicKey': publicKey,
  'push:subscribe.keys.p256dh': publicKey,
  'push:subscribe.keys.auth': 'tBHItJI5svbpez7KI4CCXg',
};

export const deliveryTypes: Readonly<Record<string, unknown>> = {
  NotificationPreferences: notificationPreferences,
  Webhook: {
    id: webhookId,
    userId: organizerId,
    url,
    description: 'Our books',
    types: ['booking.confirmed', 'booking.cancelled'],
    state: 'paused',
    failures: 5,
    pausedUntil: '2027-02-01T09:18:20.000Z',
    lastError: 'it answered with status 503',
    lastSentAt: '2027-02-01T09:10:11.000Z',
    createdAt: '2027-01-20T08:00:00.000Z',
  },
  Delivery: {
    id: deliveryId,
    source: '0d6f3c3e-94a1-4f0c-8f0b-9a5a1c1f7e55',
    channel: 'webhook',
    endpointId: webhookId,
    userId: organizerId,
    eventId: '01a3702b-0416-7c41-9f0e-6d2b8a51c3e7',
    target: url,
    kind: 'booking.confirmed',
    state: 'dead',
    attempts: 8,
    lastError: 'it answered with status 503',
    nextAt: null,
    createdAt: '2027-02-01T09:16:20.902Z',
    sentAt: null,
  },
};
