/**
 * A domain event as other services get it, on the stream and from webhooks: CloudEvents 1.0 in JSON, structured mode
 * (https://github.com/cloudevents/spec). What `data` has is in `schemas/domain-events/<type>.json`.
 */
import { readdirSync } from 'node:fs';
import type { DomainEventRow } from '../database/domain-event-statements.ts';

export interface CloudEvent {
  specversion: '1.0';
  /** The same however often, and on whichever way, it is delivered. */
  id: string;
  source: string;
  type: string;
  subject: string;
  /** When it happened. */
  time: string;
  datacontenttype: 'application/json';
  dataschema: string;
  /** Counts all events of the hub; as text it sorts as they happened (the extension "sequence"). */
  sequence: string;
  data: Record<string, unknown>;
}

/** Of all nodes and whatever address they have: receivers drop repeats by source and id. */
const source = '/seatcast';
const typePrefix = 'com.seatcast.';
/** As many digits as PostgreSQL's bigint can have. */
const sequenceDigits = 19;

export const schemaFolder = new URL('../../schemas/domain-events/', import.meta.url);
/** Where the hub serves the schemas. */
export const schemaPath = '/schemas/domain-events/';

/** Every type with its version, `booking.confirmed.v1`: a file of `schemas/domain-events/` each. */
export const domainEventTypes: readonly string[] = readdirSync(schemaFolder)
  .flatMap((file) => /^([a-z-]+\.[a-z-]+\.v[1-9]\d*)\.json$/.exec(file)?.[1] ?? [])
  .sort();

type Noted = Pick<DomainEventRow, 'seq' | 'id' | 'type' | 'subject' | 'time' | 'data'>;

/**
 * The type needs not be one that this node knows: another one may be newer.
 * @param hubUrl where the schemas are to be had
 */
export const cloudEventOf = ({ seq, id, type, subject, time, data }: Noted, hubUrl: string): CloudEvent => ({
  specversion: '1.0',
  id,
  source,
  type: typePrefix + type,
  subject,
  time,
  datacontenttype: 'application/json',
  dataschema: `${hubUrl}${schemaPath}${type}.json`,
  sequence: seq.padStart(sequenceDigits, '0'),
  data,
});
