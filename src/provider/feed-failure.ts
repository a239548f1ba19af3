/** Why a sync changed nothing. What is repeated at once is what may be over in a second. */
export const feedFailures = {
  'address-refused': { repeat: false, about: 'the address is none of the public internet, nor allowed' },
  connection: { repeat: true, about: 'no connection, or it broke' },
  'time-out': { repeat: true, about: 'the answer took too long' },
  redirect: { repeat: false, about: 'it pointed somewhere else' },
  unavailable: { repeat: true, about: 'it answered with an error of its own' },
  refused: { repeat: false, about: 'it did not let us in, or has nothing there' },
  'too-large': { repeat: false, about: 'the answer is larger than a feed may be' },
  encoding: { repeat: false, about: 'it is packed or written in a way that is not read' },
  malformed: { repeat: false, about: 'it is not well-formed XML, or ends too early' },
  'not-a-feed': { repeat: false, about: 'it is XML, but no list of events' },
  forbidden: { repeat: false, about: 'it has a document type, which no feed needs' },
  limits: { repeat: false, about: 'it is nested too deep, or has too much of something' },
  'circuit-open': { repeat: false, about: 'it failed so often that it is left alone for a while' },
  superseded: { repeat: false, about: 'a later sync was faster' },
  stopped: { repeat: false, about: 'the node stopped, or died, meanwhile' },
  unexpected: { repeat: false, about: 'something is wrong on our side' },
} as const satisfies Record<string, { repeat: boolean; about: string }>;

export type FeedFailureCode = keyof typeof feedFailures;

/** The message is for admins. It never holds the address asked, which may hold a secret. */
export class FeedFailure extends Error {
  override readonly name = 'FeedFailure';
  readonly code: FeedFailureCode;

  constructor(code: FeedFailureCode, message: string = feedFailures[code].about, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
