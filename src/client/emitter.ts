/** A typed event emitter of a few lines: Node's is not there in browsers, the DOM's is not typed. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(data: never) => void>>();

  /** @returns a function that takes the listener away again */
  on<E extends keyof Events>(event: E, listener: (data: Events[E]) => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  protected emit<E extends keyof Events>(event: E, data: Events[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) (listener as (data: Events[E]) => void)(data);
  }
}
