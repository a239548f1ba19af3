/** Every channel the hub has. Nothing is discovered by magic: what is not listed here does not exist. */
import type { Channel } from '../src/channel.ts';
import analytics from './analytics/index.ts';
import attachments from './attachments/index.ts';
import audit from './audit/index.ts';
import auth from './auth/index.ts';
import bookings from './bookings/index.ts';
import calendar from './calendar/index.ts';
import deliveries from './deliveries/index.ts';
import events from './events/index.ts';
import health from './health/index.ts';
import kiosks from './kiosks/index.ts';
import mail from './mail/index.ts';
import me from './me/index.ts';
import notifications from './notifications/index.ts';
import plans from './plans/index.ts';
import provider from './provider/index.ts';
import push from './push/index.ts';
import sagas from './sagas/index.ts';
import seats from './seats/index.ts';
import users from './users/index.ts';
import venues from './venues/index.ts';
import webhooks from './webhooks/index.ts';

export const channels: readonly Channel[] = [
  auth,
  me,
  venues,
  events,
  plans,
  seats,
  bookings,
  notifications,
  provider,
  attachments,
  calendar,
  mail,
  push,
  webhooks,
  kiosks,
  users,
  analytics,
  audit,
  sagas,
  deliveries,
  health,
];
