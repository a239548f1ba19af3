/**
 * An example for every request, reply and tell, made from its schema. The tests hold each against its
 * contract, so an example cannot go stale.
 */
import type { Contract, JsonSchema } from '../contracts.ts';
import { byField, byType, optionalShown, whole } from './samples.ts';
import { refName, types } from './schema.ts';

export interface Examples {
  request?: unknown;
  reply?: unknown;
  data?: unknown;
}

/** The examples of one message. A `request` is the whole request, with what HTTP puts into the path. */
export function examplesOf(contract: Contract): Examples {
  const { name } = contract;
  const at = { message: name, type: name };
  if (contract.kind === 'tell') return { data: whole[name] ?? example(contract.data, at) };
  return {
    request: whole[`${name} request`] ?? example(contract.request, at),
    reply: whole[`${name} reply`] ?? example(contract.reply, at),
  };
}

/** Where a value stands: from the message on (`events:create.rules`), and from its shared type on. */
interface Place {
  readonly message: string;
  readonly type: string;
}

function example(schema: JsonSchema, place: Place): unknown {
  const field = place.message.slice(place.message.lastIndexOf('.') + 1);
  const type = refName(schema);
  // A day is no position and a number of seats no list of them, whatever the field is called.
  const names = [place.message, place.type, ...(type === 'Day' || type === 'Sum' ? [] : [field])];
  const known = names.find((key) => Object.hasOwn(byField, key));
  if (known !== undefined) return byField[known];
  if (type !== undefined) return byType[type] ?? example(types[type] ?? {}, { ...place, type });
  if ('const' in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (Array.isArray(schema.anyOf)) return example(schema.anyOf[0] as JsonSchema, place);
  switch (schema.type) {
    case 'object':
      return exampleObject(schema, place);
    case 'array':
      return [example(schema.items as JsonSchema, place)];
    case 'integer':
      return schema.minimum;
    case 'boolean':
      return false;
    default:
      return 'text';
  }
}

function exampleObject(schema: JsonSchema, place: Place): Record<string, unknown> {
  const required = (schema.required ?? []) as string[];
  const shown = [...required, ...(optionalShown[place.message] ?? [])];
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  return Object.fromEntries(
    properties
      .filter(([name]) => shown.includes(name))
      .map(([name, each]) => [
        name,
        example(each, { message: `${place.message}.${name}`, type: `${place.type}.${name}` }),
      ]),
  );
}
