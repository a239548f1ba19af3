/**
 * Frames no client of ours sends, for a connection that has joined. `closed`: the hub must end the
 * connection. `lives`: the frame is answered or ignored, and the connection answers the next request.
 */
export interface HostileFrame {
  what: string;
  frame: string | Uint8Array;
  outcome: 'closed' | 'lives';
}

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const deepObject = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

const reserved = ['connect', 'connect_error', 'disconnect', 'disconnecting', 'newListener', 'removeListener'];
/** Names that mean something to an EventEmitter, an object or a namespace, but not to the parser. */
const awkward = [
  'error',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'connection',
  'close',
  '',
];

export const hostileFrames: HostileFrame[] = [
  {
    what: 'a frame of 17 KB',
    frame: `421["events:list",${JSON.stringify('x'.repeat(17_000))}]`,
    outcome: 'closed',
  },
  { what: 'a frame of 1 MB', frame: `42["${'x'.repeat(1_000_000)}"]`, outcome: 'closed' },
  { what: 'an empty frame', frame: '', outcome: 'closed' },
  { what: 'a binary frame', frame: new Uint8Array([1, 2, 3]), outcome: 'closed' },
  { what: 'text that begins as base64 binary', frame: 'bAAAA', outcome: 'closed' },
  { what: 'one declared attachment', frame: '451-["a",{"_placeholder":true,"num":0}]', outcome: 'closed' },
  { what: 'a million declared attachments', frame: '451000000-["a",{}]', outcome: 'closed' },
  { what: 'an ack with an attachment', frame: '461-1[{"_placeholder":true,"num":0}]', outcome: 'closed' },
  { what: 'an event nested 20,000 deep', frame: `421["events:list",${deep(20_000)}]`, outcome: 'closed' },
  { what: 'an event nested 8,000 deep', frame: `421["events:list",${deep(8000)}]`, outcome: 'closed' },
  { what: 'objects nested 2,000 deep', frame: `421["events:list",${deepObject(2000)}]`, outcome: 'closed' },
  { what: 'an event nested 17 deep', frame: `421["events:list",${deep(16)}]`, outcome: 'closed' },
  { what: 'an event nested 16 deep', frame: `421["events:list",${deep(15)}]`, outcome: 'lives' },
  { what: 'brackets inside a string', frame: `421["events:list","${'['.repeat(5000)}"]`, outcome: 'lives' },
  { what: 'an escaped quote before brackets', frame: `421["a","\\"${'['.repeat(100)}"]`, outcome: 'lives' },
  {
    what: 'closing brackets before deep nesting',
    frame: `42${']'.repeat(4000)}${deep(4000)}`,
    outcome: 'closed',
  },
  { what: 'an ack nested 8,000 deep', frame: `431${deep(8000)}`, outcome: 'closed' },
  { what: 'a quote in a namespace before deep nesting', frame: `42/",${deep(7000)}`, outcome: 'closed' },
  { what: 'JSON that ends too early', frame: '421["events:list",{"limit":', outcome: 'closed' },
  { what: 'JSON that is none', frame: '421[events:list]', outcome: 'closed' },
  { what: 'NaN', frame: '421["events:list",{"limit":NaN}]', outcome: 'closed' },
  { what: 'an event that is an object', frame: '42{"0":"events:list"}', outcome: 'closed' },
  { what: 'an event without a name', frame: '42[]', outcome: 'closed' },
  { what: 'an object for a name', frame: '421[{"toString":1},{}]', outcome: 'closed' },
  { what: 'an array for a name', frame: '421[["events:list"],{}]', outcome: 'closed' },
  { what: 'null for a name', frame: '421[null,{}]', outcome: 'closed' },
  { what: 'a number for a name', frame: '421[7,{}]', outcome: 'lives' },
  { what: 'a number with an exponent for a name', frame: '421[1e308,{}]', outcome: 'lives' },
  { what: 'no payload at all', frame: '42', outcome: 'lives' },
  { what: 'an ack id and nothing else', frame: '421', outcome: 'lives' },
  { what: 'an ack id of 400 digits', frame: `42${'9'.repeat(400)}["events:list",{}]`, outcome: 'lives' },
  { what: 'blanks for an ack id', frame: '42    ["events:list",{}]', outcome: 'lives' },
  { what: 'lone surrogates', frame: '421["\\ud800",{"\\udfff":"\\ud800"}]', outcome: 'lives' },
  { what: 'zero bytes', frame: '421["events:list\\u0000",{"a\\u0000":1}]', outcome: 'lives' },
  { what: 'a name of 15 KB', frame: `421["${'n'.repeat(15_000)}",{}]`, outcome: 'lives' },
  { what: 'an ack nobody waits for', frame: '4312345[{"ok":true}]', outcome: 'lives' },
  { what: 'a second CONNECT', frame: '40', outcome: 'closed' },
  { what: 'a DISCONNECT that keeps the connection', frame: '41', outcome: 'closed' },
  { what: 'a CONNECT_ERROR', frame: '44{"message":"x"}', outcome: 'closed' },
  { what: 'a CONNECT of another namespace', frame: '40/admin,{}', outcome: 'closed' },
  { what: 'a CONNECT of a namespace named __proto__', frame: '40/__proto__,', outcome: 'closed' },
  { what: 'an event of another namespace', frame: '42/other,1["events:list",{}]', outcome: 'closed' },
  { what: 'a DISCONNECT of another namespace', frame: '41/other,', outcome: 'closed' },
  ...['47', '48', '49', '4', '4x', '4{'].map((frame) => ({
    what: `packet ${frame}`,
    frame,
    outcome: 'closed' as const,
  })),
  ...['0', '2', '7', '8', '9', 'x', '{}'].map((frame) => ({
    what: `engine ${frame}`,
    frame,
    outcome: 'closed' as const,
  })),
  ...['1', '3', '5', '6'].map((frame) => ({ what: `engine ${frame}`, frame, outcome: 'lives' as const })),
  ...reserved.map((name) => ({
    what: `the name ${name}`,
    frame: `421["${name}",{}]`,
    outcome: 'closed' as const,
  })),
  ...awkward.map((name) => ({
    what: `the name "${name}"`,
    frame: `421["${name}",{}]`,
    outcome: 'lives' as const,
  })),
  ...awkward.map((name) => ({
    what: `the name "${name}", no ack`,
    frame: `42["${name}"]`,
    outcome: 'lives' as const,
  })),
];
