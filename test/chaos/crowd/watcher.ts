import { SeatcastClient } from '../../../src/client/client.ts';
import type { SeatMap } from '../../../src/client/seat-map.ts';
import { lettersOfStates } from '../../../src/seats/codec.ts';
import type { ViewState } from '../checks/evidence.ts';

/** A viewer who stays with one node through whatever happens to it, and writes down every map they see. */
export class Watcher {
  readonly name: string;
  readonly client: SeatcastClient;
  readonly map: SeatMap;
  readonly states: ViewState[] = [];

  constructor(name: string, url: string, eventId: string) {
    this.name = name;
    this.client = new SeatcastClient({ urls: [url], reconnectMs: 100, timeoutMs: 3000 });
    this.map = this.client.watch(eventId);
    this.map.on('changed', () => this.#note());
  }

  get seats(): string {
    return lettersOfStates(this.map.replica.seats);
  }

  #note(): void {
    const { epoch, position } = this.map.replica;
    this.states.push({ viewer: this.name, at: performance.now(), epoch, position, seats: this.seats });
  }
}
