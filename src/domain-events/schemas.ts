/** The schemas of domain events as they are served: whoever gets an event finds what is in it at its `dataschema`. */
import { readdirSync, readFileSync } from 'node:fs';
import { schemaFolder } from './cloud-event.ts';

/** The text of each file of `schemas/domain-events/`. Only these ever leave the disk. */
export const domainEventSchemas: ReadonlyMap<string, string> = new Map(
  readdirSync(schemaFolder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => [file, readFileSync(new URL(file, schemaFolder), 'utf8')]),
);
