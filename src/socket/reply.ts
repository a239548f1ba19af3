import { RequestError, type WireError } from '../errors.ts';

/** What an ack carries. */
export type Ack = { ok: true; data: unknown } | { ok: false; error: WireError };

/** The one place where a result, or anything thrown, becomes an ack. */
export async function reply(work: Promise<unknown>): Promise<Ack> {
  try {
    return { ok: true, data: await work };
  } catch (error) {
    const told = error instanceof RequestError ? error : new RequestError('internal');
    return { ok: false, error: told.toWire() };
  }
}
