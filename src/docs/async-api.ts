/**
 * The AsyncAPI 3.0 document of the socket: one operation for each ask (the hub receives it and replies
 * by acknowledgement) and each tell (the hub sends it).
 */
import type { AskContract, Contract, TellContract } from '../contracts.ts';
import { examplesOf } from './examples.ts';
import {
  allContracts,
  answerableCodes,
  channelOf,
  channels,
  componentRef,
  type DocsOptions,
  errorList,
  forComponents,
  limits,
  operationId,
  roomsOf,
  types,
} from './schema.ts';

type Objects = Record<string, unknown>;

const draft7 = (schema: unknown) => forComponents(schema, true);

/** The contracts whose messages travel over sockets. */
export const socketContracts = (): Contract[] =>
  allContracts.filter((each) => each.kind === 'tell' || each.socket);

export function asyncApi(options: DocsOptions): Record<string, unknown> {
  const contracts = socketContracts();
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Seatcast socket',
      version: options.version,
      description:
        'Live seat maps, timed holds and bookings. A client asks and is answered by acknowledgement; the hub tells by itself what changed.',
      license: { name: 'MIT' },
      tags: [...channels(contracts).keys()].map((name) => ({ name })),
    },
    defaultContentType: 'application/json',
    servers: {
      hub: {
        host: options.host,
        pathname: '/socket.io/',
        protocol: options.secure ? 'wss' : 'ws',
        protocolVersion: '13',
        title: 'The hub, one node or many',
        description: framing,
        security: [{ $ref: '#/components/securitySchemes/token' }],
        tags: [{ name: 'socket.io' }],
      },
    },
    channels: documentChannels(contracts),
    operations: Object.fromEntries(contracts.map((each) => [operationId(each.name), operation(each)])),
    components: {
      schemas: { ...draft7(types) },
      messages: Object.fromEntries(contracts.flatMap(messages)),
      securitySchemes: {
        token: {
          // The nearest AsyncAPI has: neither a header nor a query, but a field of the protocol itself.
          type: 'apiKey',
          in: 'user',
          description:
            'The JWT that sign-in answers, as `token` in the auth payload of the Socket.IO CONNECT packet: `40{"token":"…"}`. Without it you are anonymous: you may watch, but not hold or book.',
        },
      },
    },
  };
}

const framing = `Socket.IO protocol v5 on Engine.IO v4, by WebSocket only (\`/socket.io/?EIO=4&transport=websocket\`; no long polling), main namespace \`/\`.

The client connects with the packet \`40{"token":"…"}\` within ${limits.connectMs / 1000} s. An ask is an event packet with an acknowledgement id, \`42<id>["seats:hold",{…}]\`; the reply is the packet \`43<id>[{"ok":true,"data":{…}}]\`. A tell is an event packet without an id, \`42["seats:changed",{…}]\`. The schemas here describe the one object of each packet. An ask without an acknowledgement id is not done. JSON text only, nested at most ${limits.depth} deep, at most ${limits.messageBytes} bytes a message.`;

function documentChannels(contracts: readonly Contract[]): Objects {
  return Object.fromEntries(
    [...channels(contracts)].map(([name, members]) => [
      name,
      {
        // Socket.IO has one address for all: the namespace. Channels only group the messages.
        address: '/',
        title: name,
        description: `Messages whose names begin with \`${name}:\`, in the main namespace.`,
        servers: [{ $ref: '#/servers/hub' }],
        messages: Object.fromEntries(
          members.flatMap(messages).map(([id]) => [id, { $ref: `#/components/messages/${id}` }]),
        ),
        tags: [{ name }],
      },
    ]),
  );
}

const inChannel = (contract: Contract, suffix = '') => ({
  $ref: `#/channels/${channelOf(contract.name)}/messages/${operationId(contract.name)}${suffix}`,
});

function operation(contract: Contract): Objects {
  const { kind, name, title } = contract;
  const channel = { $ref: `#/channels/${channelOf(name)}` };
  const common = { channel, title, tags: [{ name: channelOf(name) }], messages: [inChannel(contract)] };
  if (kind === 'tell') {
    return {
      action: 'send',
      ...common,
      summary: roomsOf(contract),
      description: contract.description,
      'x-room': contract.rooms.join(', '),
    };
  }
  return {
    action: 'receive',
    ...common,
    description: contract.description,
    reply: { channel, messages: [inChannel(contract, '.ok'), inChannel(contract, '.refused')] },
    'x-cost': contract.cost,
  };
}

/** The messages of one contract by their ids in `components.messages`. */
function messages(contract: Contract): [string, Objects][] {
  const id = operationId(contract.name);
  if (contract.kind === 'tell') return [[id, tell(contract)]];
  return [
    [id, ask(contract)],
    [`${id}.ok`, accepted(contract)],
    [`${id}.refused`, refused(contract)],
  ];
}

function tell(contract: TellContract): Objects {
  const { name, title, description, data } = contract;
  return {
    name,
    title,
    summary: roomsOf(contract),
    description,
    payload: draft7(data),
    examples: [{ payload: examplesOf(contract).data }],
  };
}

function ask(contract: AskContract): Objects {
  const { name, title, description, request } = contract;
  return {
    name,
    title,
    description,
    payload: draft7(request),
    examples: [{ payload: examplesOf(contract).request }],
  };
}

function accepted(contract: AskContract): Objects {
  return {
    name: `${contract.name} ok`,
    title: `${contract.title}: done`,
    payload: acknowledgement(true, 'data', draft7(contract.reply)),
    examples: [{ payload: { ok: true, data: examplesOf(contract).reply } }],
  };
}

function refused(contract: AskContract): Objects {
  const codes = answerableCodes(contract, 'socket');
  return {
    name: `${contract.name} refused`,
    title: `${contract.title}: refused`,
    description: errorList(codes),
    payload: acknowledgement(false, 'error', {
      allOf: [{ $ref: componentRef('Error') }],
      properties: { code: { enum: codes } },
    }),
  };
}

const acknowledgement = (ok: boolean, field: string, schema: Objects) => ({
  type: 'object',
  additionalProperties: false,
  required: ['ok', field],
  properties: { ok: { type: 'boolean', const: ok }, [field]: schema },
});
