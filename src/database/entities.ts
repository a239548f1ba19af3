/**
 * The tables the ORM reads and writes. Constraints that carry correctness (the partial unique index on
 * the seats of active bookings above all) are in the migrations.
 */
import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Attachment, Role } from '../contracts.gen.ts';

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
    createdAt: p.datetime(),
  },
});
export type Plan = InferEntity<typeof PlanEntity>;

export type EventStatus = 'draft' | 'published' | 'cancelled';

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

export const entities = [UserEntity, PlanEntity, EventEntity, AuditEntity, AttachmentEntity];
