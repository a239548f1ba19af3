/** Every channel the hub has. Nothing is discovered by magic: what is not listed here does not exist. */
import type { Channel } from '../src/channel.ts';
import analytics from './analytics/index.ts';
import audit from './audit/index.ts';
import auth from './auth/index.ts';
import bookings from './bookings/index.ts';
import events from './events/index.ts';
import plans from './plans/index.ts';
import sagas from './sagas/index.ts';
import seats from './seats/index.ts';

export const channels: readonly Channel[] = [auth, events, plans, seats, bookings, audit, sagas, analytics];
