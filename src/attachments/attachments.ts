/**
 * Files of events. A row is written before its content and marked once that is there; what is removed is marked before
 * its content goes. So whatever dies in between leaves a row that names the leftover, and the next who adds or removes a
 * file clears it away. Nobody is shown a row that is not whole.
 */
import { hash } from 'node:crypto';
import { LockMode } from '@mikro-orm/core';
import { fileTypeFromBuffer } from 'file-type';
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Attachment } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { AttachmentEntity, type AttachmentRow, EventEntity, UserEntity } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import type { EventCard } from '../events/events.ts';
import { Gate } from '../gate.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { FileStore } from './file-store.ts';

export interface AttachmentLimits {
  filesOfEvent: number;
  bytesOfOrganizer: number;
}
const limits: AttachmentLimits = { filesOfEvent: 20, bytesOfOrganizer: 500_000_000 };
/** One that was begun so long ago never came. */
const abandonedAfterMs = 3_600_000;
const clearedAtOnce = 5;
/** Of 10 MB each. */
const readsAtOnce = 8;
const readQueue = 100;

type Kind = Attachment['type'];
const kinds: readonly string[] = [
  'image/png',
  'image/jpeg',
  'image/webp',
  'image/avif',
  'image/gif',
  'application/pdf',
] satisfies Kind[];

export class Attachments {
  readonly #db: Database;
  readonly #store: FileStore;
  readonly #log: Logger;
  readonly #limits: AttachmentLimits;
  readonly #reads = new Gate(readsAtOnce, readQueue);

  constructor(parts: { db: Database; store: FileStore; log: Logger; limits?: AttachmentLimits }) {
    this.#db = parts.db;
    this.#store = parts.store;
    this.#log = parts.log;
    this.#limits = parts.limits ?? limits;
  }

  /** Throws `event-not-found`, `attachment-refused`, `attachments-full`, `try-later`. */
  async add(
    event: EventCard,
    name: string,
    content: Uint8Array<ArrayBuffer>,
    by: Actor & { userId: string },
  ): Promise<Attachment> {
    const type = await kindOf(content);
    if (!type) throw new RequestError('attachment-refused', { allowed: kinds });
    await this.#clear();
    const row: AttachmentRow = {
      id: newId(),
      eventId: event.id,
      organizerId: event.organizerId,
      name,
      type,
      bytes: content.length,
      sha256: hash('sha256', content, 'hex'),
      createdAt: new Date(),
      storedAt: null,
      removedAt: null,
    };
    await this.#begin(row);
    const { id: attachmentId, bytes, sha256 } = row;
    await this.#stored(() => this.#store.put(attachmentId, content, type)).catch(async (error) => {
      // It takes no room any more; what may be stored of it goes with the next leftovers.
      const gone = { removedAt: new Date() };
      await this.#db.em().nativeUpdate(AttachmentEntity, { id: attachmentId }, gone);
      throw error;
    });
    await this.#db.em().transactional(async (em) => {
      const begun = { id: attachmentId, removedAt: null };
      // Taken for abandoned meanwhile.
      if ((await em.nativeUpdate(AttachmentEntity, begun, { storedAt: new Date() })) === 0) {
        throw new RequestError('try-later');
      }
      await recordChange(em, 'attachment-added', by, { attachmentId, name, type, bytes, sha256 }, event.id);
    });
    return attachmentView(row);
  }

  /** Takes its place among the files of the event and of the organizer, one at a time. */
  async #begin(row: AttachmentRow): Promise<void> {
    await this.#db.em().transactional(async (em) => {
      const event = { id: row.eventId, deletedAt: null };
      // Nobody deletes it before its file has its place.
      if (!(await em.findOne(EventEntity, event, { lockMode: LockMode.PESSIMISTIC_READ }))) {
        throw new RequestError('event-not-found');
      }
      // Whoever uploads at the same moment, on whichever node, waits here.
      await em.findOneOrFail(UserEntity, { id: row.organizerId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      const files = await em.find(
        AttachmentEntity,
        { organizerId: row.organizerId, removedAt: null },
        { fields: ['eventId', 'bytes'] },
      );
      const { filesOfEvent, bytesOfOrganizer } = this.#limits;
      if (files.filter(({ eventId }) => eventId === row.eventId).length >= filesOfEvent) {
        throw new RequestError('attachments-full', { filesOfEvent });
      }
      if (files.reduce((sum, { bytes }) => sum + bytes, row.bytes) > bytesOfOrganizer) {
        throw new RequestError('attachments-full', { bytesOfOrganizer });
      }
      await em.insert(AttachmentEntity, row);
    });
  }

  async list(eventId: string): Promise<Attachment[]> {
    const whole = { eventId, storedAt: { $ne: null }, removedAt: null };
    const rows = await this.#db.em().find(AttachmentEntity, whole, { orderBy: { id: 'asc' } });
    return rows.map(attachmentView);
  }

  async find(attachmentId: string): Promise<AttachmentRow | undefined> {
    const whole = { id: attachmentId, storedAt: { $ne: null }, removedAt: null };
    return (await this.#db.em().findOne(AttachmentEntity, whole)) ?? undefined;
  }

  /** Its content, as it was uploaded and nothing else. Throws `try-later` while the store is away. */
  async read({ id, sha256 }: AttachmentRow): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#reads.run(async () => {
      const content = await this.#stored(() => this.#store.get(id));
      if (content && hash('sha256', content, 'hex') !== sha256) {
        throw new Error(`the stored content of attachment ${id} is not what was uploaded`);
      }
      return content;
    });
  }

  async remove(row: AttachmentRow, by: Actor): Promise<void> {
    await this.#db.em().transactional(async (em) => {
      const change = { removedAt: new Date() };
      const count = await em.nativeUpdate(AttachmentEntity, { id: row.id, removedAt: null }, change);
      const details = { attachmentId: row.id, name: row.name };
      if (count > 0) await recordChange(em, 'attachment-removed', by, details, row.eventId);
    });
    await this.#clear();
  }

  /** Removes a few leftovers: contents of what was removed, and of what was never finished. */
  async #clear(): Promise<void> {
    try {
      const before = new Date(Date.now() - abandonedAfterMs);
      const leftovers = await this.#db
        .em()
        .find(
          AttachmentEntity,
          { $or: [{ removedAt: { $ne: null } }, { storedAt: null, createdAt: { $lt: before } }] },
          { limit: clearedAtOnce },
        );
      for (const { id } of leftovers) {
        // First marked, so that nobody can finish it any more.
        await this.#db
          .em()
          .nativeUpdate(AttachmentEntity, { id, removedAt: null }, { removedAt: new Date() });
        await this.#store.remove(id);
        await this.#db.em().nativeDelete(AttachmentEntity, { id });
      }
    } catch (error) {
      this.#log.warn({ err: error }, 'contents of removed attachments are still stored');
    }
  }

  async #stored<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#log.warn({ err: error }, 'the store of attachments failed');
      throw new RequestError('try-later');
    }
  }
}

/** By its content alone. Text, which SVG and HTML are, has no such mark. */
async function kindOf(content: Uint8Array<ArrayBuffer>): Promise<Kind | undefined> {
  // The parser reads what anybody sends: whatever it stumbles over is no file of ours.
  const found = await fileTypeFromBuffer(content).catch(() => undefined);
  return found && kinds.includes(found.mime) ? (found.mime as Kind) : undefined;
}

const attachmentView = (row: AttachmentRow): Attachment => ({
  id: row.id,
  eventId: row.eventId,
  name: row.name,
  type: row.type,
  bytes: row.bytes,
  sha256: row.sha256,
  createdAt: row.createdAt.toISOString(),
  url: `/api/v1/attachments/${row.id}`,
});
