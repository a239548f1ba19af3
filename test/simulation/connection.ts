/** A client's socket to a node: what is sent arrives in order, or the connection is lost. */
import type { Kernel, Process } from './kernel.ts';
import type { SimNode } from './node.ts';
import type { Random } from './random.ts';

/** What a request ends with at the client. */
export type Reply =
  | { ok: true; data: unknown }
  | { ok: false; code: string; retry: 'never' | 'later' | 'changed' };

export const lost: Reply = { ok: false, code: 'connection-lost', retry: 'later' };
const timedOut: Reply = { ok: false, code: 'timeout', retry: 'later' };
const timeoutMs = 5000;

export class Connection {
  readonly node: SimNode;
  readonly client: Process;
  readonly userId: string;
  open = true;
  readonly rooms = new Set<string>();
  onTell: ((name: string, data: unknown) => void) | undefined;
  onLost: (() => void) | undefined;
  readonly #kernel: Kernel;
  readonly #random: Random;
  readonly #pending = new Set<(reply: Reply) => void>();
  #lastOut = 0;

  constructor(kernel: Kernel, random: Random, node: SimNode, client: Process, userId: string) {
    this.#kernel = kernel;
    this.#random = random;
    this.node = node;
    this.client = client;
    this.userId = userId;
    node.connections.add(this);
  }

  /** Asks once. Ends with `timeout` after 5 s, and with `connection-lost` when the connection is. */
  ask(message: string, payload: Record<string, unknown>): Promise<Reply> {
    return new Promise((resolve) => {
      if (!this.open) return resolve(lost);
      const settle = (reply: Reply) => {
        if (this.#pending.delete(settle)) resolve(reply);
      };
      this.#pending.add(settle);
      this.#kernel.after(timeoutMs, this.client, () => settle(timedOut));
      this.#kernel.after(this.#wireMs(), this.node.process, () => {
        if (!this.open) return;
        void this.node.answer(this, message, payload).then((reply) => this.#out(() => settle(reply)));
      });
    });
  }

  /** From the node to the client. */
  tell(name: string, data: unknown): void {
    this.#out(() => this.onTell?.(name, data));
  }

  /** The client notices after a moment; what is on its way is lost. */
  cut(): void {
    if (!this.open) return;
    this.open = false;
    this.node.connections.delete(this);
    this.#kernel.after(this.#random.between(1, 300), this.client, () => {
      for (const settle of [...this.#pending]) settle(lost);
      this.onLost?.();
    });
  }

  #out(work: () => void): void {
    const at = Math.max(this.#lastOut, this.#kernel.now + this.#wireMs());
    this.#lastOut = at;
    this.#kernel.after(at - this.#kernel.now, this.client, () => {
      if (this.open) work();
    });
  }

  #wireMs(): number {
    return this.#random.between(0.5, 20);
  }
}
