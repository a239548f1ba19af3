/**
 * The catalogue of errors: the request failed, the connection lives on. Disconnects are in
 * `disconnects.ts`; no code of either is written out anywhere else.
 *
 * `retry` tells a client what to do (the idea of temporary errors comes from Centrifuge):
 * - `never`: the same request fails again
 * - `later`: wait, then ask the same again (with the same request id)
 * - `changed`: look at the details and ask for something else
 */
export type Retry = 'never' | 'later' | 'changed';

interface Entry {
  readonly status: number;
  readonly retry: Retry;
  /** The default text for people; a thrower may say it more exactly. */
  readonly message: string;
  /** What `details` holds, for the documentation. */
  readonly details?: string;
  /** Every message may answer it, so contracts do not list it. */
  readonly common?: true;
}

const catalogue = {
  'invalid-request': {
    status: 400,
    retry: 'never',
    message: 'The request does not fit its contract.',
    details: '{ field, allowed, errors?: [{ field, allowed }], found? }',
    common: true,
  },
  'unknown-message': { status: 404, retry: 'never', message: 'There is no such message.', common: true },
  'path-not-found': { status: 404, retry: 'never', message: 'There is nothing at this path.', common: true },
  unauthenticated: {
    status: 401,
    retry: 'never',
    message: 'Sign in first: this needs a valid token.',
    common: true,
  },
  forbidden: { status: 403, retry: 'never', message: 'Your role may not do this.', common: true },
  'rate-limited': {
    status: 429,
    retry: 'later',
    message: 'Too many requests.',
    details: '{ retryAfterMs, limit?: "read", "write" or "heavy" }',
    common: true,
  },
  'try-later': {
    status: 503,
    retry: 'later',
    message: 'A service the hub needs is away. Ask again, with the same request id.',
    common: true,
  },
  'server-draining': {
    status: 503,
    retry: 'later',
    message: 'This node is stopping. Connect again: another one answers.',
    common: true,
  },
  internal: { status: 500, retry: 'later', message: 'Something went wrong on our side.', common: true },
  'request-timeout': {
    status: 408,
    retry: 'later',
    message: 'The body took too long to arrive.',
    common: true,
  },
  'payload-too-large': {
    status: 413,
    retry: 'never',
    message: 'The body is too large.',
    details: '{ maxBytes }',
    common: true,
  },
  'unsupported-media-type': {
    status: 415,
    retry: 'never',
    message: 'The body is of a kind that is not taken here.',
    common: true,
  },
  'method-not-allowed': {
    status: 405,
    retry: 'never',
    message: 'This path does not know that method.',
    details: '{ allowed }',
    common: true,
  },

  'email-taken': { status: 409, retry: 'changed', message: 'There is an account with this address already.' },
  'wrong-credentials': { status: 401, retry: 'changed', message: 'The address or the password is wrong.' },
  'account-disabled': { status: 403, retry: 'never', message: 'This account is disabled.' },
  'wrong-password': { status: 403, retry: 'changed', message: 'That is not the password you have.' },
  'refresh-refused': {
    status: 401,
    retry: 'never',
    message: 'This refresh token is of no use any more. Sign in again.',
  },
  'refresh-superseded': {
    status: 409,
    retry: 'never',
    message: 'Another request has just renewed this session. Go on with what that one was answered.',
  },
  'token-refused': {
    status: 422,
    retry: 'changed',
    message: 'This is not a token of the session the connection belongs to, or it does not count.',
  },
  'user-not-found': { status: 404, retry: 'never', message: 'There is no such account.' },
  'last-admin': {
    status: 409,
    retry: 'never',
    message: 'This is the last admin. Make somebody else admin first.',
  },
  'kiosk-not-found': { status: 404, retry: 'never', message: 'You have no such kiosk.' },
  'pairing-not-found': {
    status: 404,
    retry: 'changed',
    message: 'There is no such pairing. Its time may be over: let the device show a new code.',
  },
  'pairing-pending': {
    status: 409,
    retry: 'later',
    message: 'Nobody has typed the code of this device yet.',
    details: '{ retryAfterMs }',
  },
  'kiosk-unassigned': {
    status: 409,
    retry: 'later',
    message: 'No venue was chosen for this kiosk yet.',
  },
  'announcement-not-found': { status: 404, retry: 'never', message: 'You have no such announcement.' },
  'too-many-announcements': {
    status: 409,
    retry: 'changed',
    message: 'The boards of this venue are full. Withdraw an announcement first.',
    details: '{ allowed }',
  },

  'event-not-found': { status: 404, retry: 'never', message: 'There is no such event.' },
  'event-not-draft': {
    status: 409,
    retry: 'never',
    message: 'This can only be changed while the event is a draft.',
    details: '{ fields }',
  },
  'event-cancelled': { status: 409, retry: 'never', message: 'The event is cancelled.' },
  'event-completed': { status: 409, retry: 'never', message: 'The event is over.' },
  'event-published': {
    status: 409,
    retry: 'changed',
    message: 'A published event cannot be deleted. Cancel it first, or let it end.',
  },
  'event-started': { status: 409, retry: 'never', message: 'The event has started.' },
  'event-times': {
    status: 422,
    retry: 'changed',
    message: 'The event must end after it starts, between the years 2000 and 2199.',
    details: '{ field, allowed }',
  },
  'event-not-on-sale': { status: 409, retry: 'never', message: 'The event is not on sale.' },
  'sale-not-started': {
    status: 409,
    retry: 'changed',
    message: 'The sale of this event has not begun yet.',
    details: '{ from }',
  },
  'sale-window': {
    status: 422,
    retry: 'changed',
    message: 'The sale must begin before it ends, and before the event starts.',
    details: '{ field, allowed }',
  },
  'capacity-mismatch': {
    status: 422,
    retry: 'changed',
    message: 'Of an event that is sold here, the capacity is the number of seats of its plan.',
    details: '{ seatCount }',
  },
  'rule-invalid': {
    status: 422,
    retry: 'changed',
    message: 'The rule of the series cannot be used.',
    details: '{ problem }',
  },
  'series-needed': {
    status: 409,
    retry: 'changed',
    message: 'The event belongs to no series: nothing follows it.',
  },
  'venue-not-found': { status: 404, retry: 'never', message: 'There is no such venue.' },
  'venue-in-use': {
    status: 409,
    retry: 'changed',
    message: 'Events are still to happen at this venue.',
    details: '{ events }',
  },
  'venue-mismatch': {
    status: 422,
    retry: 'changed',
    message: 'The seating plan belongs to another venue.',
    details: '{ venueId }',
  },
  'time-zone-unknown': {
    status: 422,
    retry: 'changed',
    message: 'timeZone: must be an IANA time zone, such as Europe/Brussels.',
    details: '{ field, found }',
  },
  'prices-mismatch': {
    status: 422,
    retry: 'changed',
    message: 'Every category of the plan needs a price, and no other.',
    details: '{ missing, unknown }',
  },
  'plan-not-found': {
    status: 404,
    retry: 'never',
    message: 'There is no such seating plan.',
    details: '{ field? }',
  },
  'plan-invalid': {
    status: 422,
    retry: 'changed',
    message: 'The seating plan cannot be used.',
    details: '{ path, problem }',
  },
  'cursor-invalid': {
    status: 400,
    retry: 'changed',
    message:
      'cursor: must be the nextCursor of an earlier answer to the same list, as it was, or left out for the first page.',
  },

  'seats-unknown': {
    status: 422,
    retry: 'changed',
    message: 'The plan has no such seat.',
    details: '{ seats, count }',
  },
  'seats-taken': {
    status: 409,
    retry: 'changed',
    message: 'Some of these seats are not free any more.',
    details: '{ seats }',
  },
  'seats-per-hold': {
    status: 409,
    retry: 'changed',
    message: 'That is more seats than one hold may have.',
    details: '{ allowed }',
  },
  'seats-per-buyer': {
    status: 409,
    retry: 'changed',
    message: 'That is more seats than one buyer may have at this event.',
    details: '{ allowed, left }',
  },
  'hold-not-found': {
    status: 404,
    retry: 'never',
    message: 'You have no such hold. It may have run out.',
  },
  'hold-confirming': { status: 409, retry: 'later', message: 'This hold is being booked right now.' },
  'extensions-used': {
    status: 409,
    retry: 'never',
    message: 'This hold has been extended as often as the event allows.',
  },
  'category-unknown': {
    status: 422,
    retry: 'changed',
    message: 'The plan of this event has no such category.',
    details: '{ allowed }',
  },
  'seats-available': {
    status: 409,
    retry: 'changed',
    message: 'What you ask for is free: hold it.',
    details: '{ seats }',
  },
  'already-waiting': {
    status: 409,
    retry: 'never',
    message: 'You wait for seats of this event and category already.',
    details: '{ entryId }',
  },
  'waitlist-entry-not-found': {
    status: 404,
    retry: 'never',
    message: 'There is no such entry in the waitlist, or it has ended.',
  },
  'offer-not-found': {
    status: 404,
    retry: 'never',
    message: 'You have no such offer. It may have run out.',
  },
  'request-id-reused': {
    status: 409,
    retry: 'never',
    message: 'This request id was used for another request.',
  },
  'too-many-rooms': {
    status: 409,
    retry: 'changed',
    message: 'One connection may watch only so many events. Stop watching another first.',
    details: '{ allowed }',
  },
  'booking-not-found': { status: 404, retry: 'never', message: 'You have no such booking.' },
  'cancel-too-late': {
    status: 409,
    retry: 'never',
    message: 'The time to cancel has passed. The organizer still can.',
    details: '{ until }',
  },
  'payment-required': {
    status: 402,
    retry: 'changed',
    message:
      'These seats are paid online: hold them, and pay for the hold with its checkout before it is booked.',
  },
  'payment-pending': {
    status: 409,
    retry: 'later',
    message: 'The payment is not decided yet. The seats stay yours until it is.',
  },
  'payment-declined': {
    status: 402,
    retry: 'changed',
    message: 'The payment was declined. The hold goes on: try another method.',
    details: '{ reason }',
  },
  'payment-unavailable': {
    status: 503,
    retry: 'later',
    message: 'Payments are not possible right now. The hold keeps its time.',
  },
  'payment-not-needed': {
    status: 409,
    retry: 'never',
    message: 'There is nothing to pay through the hub: confirm the hold.',
  },
  'saga-not-found': { status: 404, retry: 'never', message: 'There is no such payment.' },
  'saga-not-dead': {
    status: 409,
    retry: 'never',
    message: 'No step of this payment was put aside: there is nothing to try again or to give up.',
  },
  'provider-not-configured': {
    status: 409,
    retry: 'never',
    message: 'There is no provider to sync with: PROVIDER_URL is not set.',
  },
  overloaded: {
    status: 503,
    retry: 'later',
    message: 'Too many bookings are under way. The hold goes on: ask again.',
  },
  'export-too-large': {
    status: 422,
    retry: 'changed',
    message: 'The export would be too long: take it in parts, by dates.',
    details: '{ allowed }',
  },
  'calendar-not-found': { status: 404, retry: 'never', message: 'There is no such calendar.' },
  'attachment-not-found': { status: 404, retry: 'never', message: 'There is no such file.' },
  'attachment-refused': {
    status: 422,
    retry: 'changed',
    message: 'This is not a file of a kind that may be attached.',
    details: '{ allowed }',
  },
  'attachments-full': {
    status: 409,
    retry: 'changed',
    message: 'There is no room for more files. Remove others first.',
    details: '{ filesOfEvent } or { bytesOfOrganizer }',
  },
  'webhook-not-found': { status: 404, retry: 'never', message: 'You have no such webhook.' },
  'webhook-refused': {
    status: 422,
    retry: 'changed',
    message: 'Nothing is posted to this address.',
    details: '{ reason }',
  },
  'webhooks-full': {
    status: 409,
    retry: 'changed',
    message: 'You have as many webhooks as one may have. Delete another first.',
    details: '{ allowed }',
  },
  'delivery-not-found': {
    status: 404,
    retry: 'never',
    message: 'There is no such delivery, or it is being sent in this moment.',
  },
  'push-unavailable': { status: 409, retry: 'never', message: 'This hub sends no web push.' },
  'push-refused': {
    status: 422,
    retry: 'changed',
    message: 'Nothing can be sent to this subscription.',
    details: '{ reason }',
  },
  'link-invalid': { status: 404, retry: 'never', message: 'This link is not one of ours.' },
  'booking-pending': {
    status: 503,
    retry: 'later',
    message: 'The outcome is not known yet. Ask again: the answer will be the true one.',
  },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof catalogue;
export const errors: Readonly<Record<ErrorCode, Entry>> = catalogue;

/** Codes that every message may answer. */
export type CommonErrorCode = {
  [C in ErrorCode]: (typeof catalogue)[C] extends { common: true } ? C : never;
}[ErrorCode];

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(catalogue, code);

export interface WireError {
  code: ErrorCode;
  message: string;
  retry: Retry;
  details?: Record<string, unknown>;
}

/** Which field it is about, and what is allowed there, where the details name both. */
function fieldText({ field, allowed }: Record<string, unknown> = {}): string | undefined {
  if (typeof field !== 'string' || typeof allowed !== 'string') return undefined;
  return `${field}: ${allowed}${/[.!?…]$/.test(allowed) ? '' : '.'}`;
}

/** A request that failed for a reason its contract names. */
export class RequestError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, details?: Record<string, unknown>, message?: string) {
    super(message ?? fieldText(details) ?? errors[code].message);
    this.name = 'RequestError';
    this.code = code;
    this.details = details;
  }

  toWire(): WireError {
    const { code, message, details } = this;
    return { code, message, retry: errors[code].retry, ...(details ? { details } : {}) };
  }
}
