import { expect } from 'vitest';
import { type ClientOptions, RequestFailed, SeatcastClient } from '../../src/client/client.ts';
import type { SeatMap } from '../../src/client/seat-map.ts';
import type { MessageName, Messages, TellName, Tells } from '../../src/contracts.gen.ts';
import { loadContracts } from '../../src/contracts.ts';
import { lettersOfStates } from '../../src/seats/codec.ts';

let lastRequest = 0;

/** The product's own client, with what tests need on top. Every reply and tell is checked against its contract. */
export class TestClient extends SeatcastClient {
  readonly told: { name: TellName; data: Tells[TellName] }[] = [];

  constructor(urls: string[], token?: string, options: ClientOptions = {}) {
    super({ urls, token, reconnectMs: 50, ...options });
    for (const [name, contract] of loadContracts().tells) {
      this.on(name as TellName, (data) => {
        if (!contract.checkData(data)) {
          throw new Error(`${name} breaks its contract: ${JSON.stringify(contract.checkData.errors)}`);
        }
        this.told.push({ name: name as TellName, data: data as Tells[TellName] });
      });
    }
  }

  override async request<M extends MessageName>(
    message: M,
    payload: Messages[M]['request'],
  ): Promise<Messages[M]['reply']> {
    const reply = await super.request(message, payload);
    const check = loadContracts().asks.get(message)?.checkReply;
    if (check && !check(reply)) {
      throw new Error(`the reply to ${message} breaks its contract: ${JSON.stringify(check.errors)}`);
    }
    return reply;
  }

  /** Resolves with the next tell of this name that fits, or fails after `withinMs`. */
  next<T extends TellName>(
    name: T,
    fits: (data: Tells[T]) => boolean = () => true,
    withinMs = 20_000,
  ): Promise<Tells[T]> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        off();
        reject(new Error(`no ${name} within ${withinMs} ms`));
      }, withinMs);
      const off = this.on(name, (data) => {
        if (!fits(data as Tells[T])) return;
        clearTimeout(timer);
        off();
        resolve(data as Tells[T]);
      });
    });
  }

  /** Expects a request to be refused with this code; answers its details. */
  async expectDenied<M extends MessageName>(
    message: M,
    payload: unknown,
    code: RequestFailed['code'],
  ): Promise<Record<string, unknown>> {
    const result = await this.request(message, payload as Messages[M]['request']).catch(
      (error: unknown) => error,
    );
    expect(result, `${message} was not refused`).toBeInstanceOf(RequestFailed);
    expect((result as RequestFailed).code).toBe(code);
    return (result as RequestFailed).details;
  }

  /** Watches and resolves once the map is there. */
  async watching(eventId: string): Promise<SeatMap> {
    const map = this.watch(eventId);
    await until(() => map.fresh, `a fresh map of ${eventId}`);
    return map;
  }
}

export const requestId = (): string => `request-${++lastRequest}-${Math.random().toString(36).slice(2)}`;

/** The map as letters, as Redis keeps it. */
export const lettersOf = (map: SeatMap): string => lettersOfStates(map.replica.seats);

/** Resolves once something is true; it is looked at every 10 ms. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 20_000,
): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
