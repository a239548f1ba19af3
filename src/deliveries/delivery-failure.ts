/** An attempt to deliver something that did not succeed. The message is for admins and whoever owns the endpoint. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';
  /** The same again would fail again. */
  readonly isFinal: boolean;
  /** The endpoint is gone for good: it wants nothing more. */
  readonly isGone: boolean;
  /** It ended before its receiver was asked, so it says nothing of that one. */
  readonly isUnasked: boolean;
  /** The receiver asked to be left alone for so long. */
  readonly retryAfterMs: number;

  /** Of an answer over HTTP. */
  readonly status: number | undefined;

  constructor(
    message: string,
    more: {
      isFinal?: boolean;
      isGone?: boolean;
      isUnasked?: boolean;
      retryAfterMs?: number;
      status?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: more.cause });
    this.isFinal = more.isFinal ?? false;
    this.isGone = more.isGone ?? false;
    this.isUnasked = more.isUnasked ?? false;
    this.retryAfterMs = more.retryAfterMs ?? 0;
    this.status = more.status;
  }
}
