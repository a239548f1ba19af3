/**
 * The tables the ORM reads and writes. Constraints that carry correctness (the partial unique index on
 * the seats of active bookings above all) are in the migrations.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { AlertPreferences, Attachment, Role } from '../contracts.gen.ts';
import { PushSubscriptionEntity, WebhookEntity } from './delivery-entities.ts';

/** Kinds that came later, or that somebody has said nothing about, are not there. */
type KeptAlerts = Omit<AlertPreferences, 'notifications'> & {
  notifications?: Partial<AlertPreferences['notifications']>;
};

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: {
    id: p.uuid().primary(),
    /** Lower case: one account an address. */
    email: p.string().unique(),
    name: p.string(),
    passwordHash: p.string().lazy(),
    role: p.string().$type<Role>(),
    disabledAt: p.datetime().nullable(),
    /** IANA; they have a default of the database's. */
    timeZone: p.string().$type<string>().default('Europe/Brussels'),
    alerts: p
      .json()
      .$type<KeptAlerts>()
      .defaultRaw(`'{"leadMinutes": [1440, 60, 5], "channels": {"socket": true, "email": true}}'`),
    createdAt: p.datetime(),
  },
});
export type User = InferEntity<typeof UserEntity>;

export const PlanEntity = defineEntity({
  name: 'Plan',
  tableName: 'seating_plans',
  properties: {
    id: p.uuid().primary(),
    importedBy: p.uuid(),
    name: p.string(),
    seatCount: p.integer(),
    categories: p.json().$type<string[]>(),
    /** The compact form of `src/seating/plan-wire.ts`. */
    plan: p.json().$type<object>().lazy(),
    /** null: it belongs to no venue. */
    venueId: p.uuid().nullable(),
    /** Counts the plans of one name at one venue, from 1. */
    version: p.integer(),
    createdAt: p.datetime(),
  },
});
export type Plan = InferEntity<typeof PlanEntity>;

export const VenueEntity = defineEntity({
  name: 'Venue',
  tableName: 'venues',
  properties: {
    id: p.uuid().primary(),
    organizerId: p.uuid(),
    name: p.string(),
    street: p.string(),
    city: p.string(),
    postalCode: p.string(),
    /** ISO 3166-1 alpha-2. */
    country: p.string(),
    timeZone: p.string(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
    /** Nothing new happens there; what did still names it. */
    deletedAt: p.datetime().nullable(),
  },
});
export type VenueRow = InferEntity<typeof VenueEntity>;

export type EventStatus = 'draft' | 'published' | 'cancelled' | 'completed';
export type SellMode = 'online' | 'offline';

export interface HoldRules {
  holdMs: number;
  seatsPerHold: number;
  seatsPerBuyer: number;
  extensions: number;
  payment: 'none' | 'online';
  payingMs: number;
  cancelBeforeMs: number;
}

export const EventEntity = defineEntity({
  name: 'Event',
  tableName: 'events',
  properties: {
    id: p.uuid().primary(),
    organizerId: p.uuid(),
    planId: p.uuid(),
    title: p.string(),
    description: p.text(),
    venue: p.string(),
    startsAt: p.datetime(),
    endsAt: p.datetime(),
    timeZone: p.string(),
    status: p.string().$type<EventStatus>(),
    /** null: nobody but its organizer has ever seen it, also if it was cancelled meanwhile. */
    publishedAt: p.datetime().nullable(),
    currency: p.string(),
    /** Minor units by category. */
    prices: p.json().$type<Record<string, number>>(),
    rules: p.json().$type<HoldRules>(),
    seatCount: p.integer(),
    venueId: p.uuid().nullable(),
    category: p.string().nullable(),
    tags: p.array(),
    sellMode: p.string().$type<SellMode>(),
    /** null: from when it is published. */
    salesStartAt: p.datetime().nullable(),
    /** null: until it starts. */
    salesEndAt: p.datetime().nullable(),
    /** null: as many as the plan has seats. */
    capacity: p.integer().nullable(),
    seriesId: p.uuid().nullable(),
    /** Minutes before the start, the earliest first. */
    alertLeads: p.json().$type<number[]>(),
    deletedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
  },
});
export type EventRow = InferEntity<typeof EventEntity>;

/** What the ORM writes of the audit log, in the transaction of a change. */
export const AuditEntity = defineEntity({
  name: 'Audit',
  tableName: 'audit',
  properties: {
    id: p.bigint().primary().autoincrement(),
    action: p.string(),
    eventId: p.uuid().nullable(),
    actorId: p.uuid().nullable(),
    sessionId: p.string().nullable(),
    requestId: p.string().nullable(),
    details: p.json().$type<Readonly<Record<string, unknown>>>(),
  },
});

export const AttachmentEntity = defineEntity({
  name: 'Attachment',
  tableName: 'attachments',
  properties: {
    id: p.uuid().primary(),
    eventId: p.uuid(),
    organizerId: p.uuid(),
    name: p.string(),
    type: p.string().$type<Attachment['type']>(),
    bytes: p.integer(),
    sha256: p.string(),
    createdAt: p.datetime(),
    /** null: its content is not there yet. */
    storedAt: p.datetime().nullable(),
    /** Its content is to go, and then the row. */
    removedAt: p.datetime().nullable(),
  },
});
export type AttachmentRow = InferEntity<typeof AttachmentEntity>;

export const SessionEntity = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  properties: {
    id: p.string().primary(),
    /** Of a user, or of a kiosk. */
    userId: p.uuid(),
    expiresAt: p.datetime(),
    tokensUntil: p.datetime(),
    endedAt: p.datetime().nullable(),
    endReason: p.string().nullable(),
  },
});

export const KioskEntity = defineEntity({
  name: 'Kiosk',
  tableName: 'kiosks',
  properties: {
    id: p.uuid().primary(),
    organizerId: p.uuid(),
    name: p.string(),
    sessionId: p.string(),
    pairedAt: p.datetime(),
    /** null: the device has not fetched its token yet. */
    claimedAt: p.datetime().nullable(),
    tokenUntil: p.datetime(),
    revokedAt: p.datetime().nullable(),
  },
});
export type KioskRow = InferEntity<typeof KioskEntity>;

export const PairingEntity = defineEntity({
  name: 'Pairing',
  tableName: 'kiosk_pairings',
  properties: {
    id: p.uuid().primary(),
    code: p.string(),
    secretHash: p.string(),
    expiresAt: p.datetime(),
    /** null: nobody has typed the code yet. */
    kioskId: p.uuid().nullable(),
  },
});

export const entities = [
  UserEntity,
  PlanEntity,
  VenueEntity,
  EventEntity,
  AuditEntity,
  SessionEntity,
  KioskEntity,
  PairingEntity,
  AttachmentEntity,
  WebhookEntity,
  PushSubscriptionEntity,
];
