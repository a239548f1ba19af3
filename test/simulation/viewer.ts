/** Somebody who watches: the real `SeatMap`, on a connection that comes back as the real client's does. */
import { SeatMap } from '../../src/client/seat-map.ts';
import type { SeatsChanged, SeatsPosition, SeatsWatchReply } from '../../src/contracts.gen.ts';
import { Connection } from './connection.ts';
import { Process } from './kernel.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export class SimViewer {
  readonly process: Process;
  readonly map: SeatMap;
  readonly #world: World;
  readonly #random: Random;
  #connection: Connection | undefined;

  constructor(world: World, name: string) {
    this.#world = world;
    this.process = new Process(name);
    this.#random = world.kernel.random(name);
    const { eventId } = world;
    const ask = async (since: { epoch: string; position: number } | undefined) => {
      const connection = this.#connection;
      if (!connection?.open) throw new Error('connection-lost');
      const reply = await connection.ask('seats:watch', { eventId, ...(since ? { since } : {}) });
      if (!reply.ok) throw new Error(reply.code);
      return reply.data as SeatsWatchReply;
    };
    this.map = new SeatMap(eventId, ask, world.kernel.clockOf(this.process));
    this.#connect(1);
  }

  #connect(attempt: number): void {
    const { kernel } = this.#world;
    kernel.after(this.#random.between(20, Math.min(5000, 250 * 2 ** attempt)), this.process, () => {
      const node = this.#random.pick(this.#world.nodes);
      if (!node.process.alive) return this.#connect(attempt + 1);
      const connection = new Connection(kernel, this.#random, node, this.process, this.process.name);
      this.#connection = connection;
      connection.onTell = (name, data) => this.#told(name, data);
      connection.onLost = () => {
        this.map.disconnected();
        this.#connect(0);
      };
      this.#resync(connection);
    });
  }

  #resync(connection: Connection): void {
    this.map.resync().then(
      () => this.#look(),
      () => {
        this.#world.kernel.after(this.#random.between(500, 1000), this.process, () => {
          if (connection.open) this.#resync(connection);
        });
      },
    );
  }

  #told(name: string, data: unknown): void {
    if (name === 'seats:changed') this.map.tick(data as SeatsChanged);
    else if (name === 'seats:position') this.map.beacon(data as SeatsPosition);
    this.#look();
  }

  #look(): void {
    this.#world.monitors.seen(this);
  }

  /** A moment without a network. */
  cut(): void {
    this.#connection?.cut();
  }
}
