/**
 * What the parent of a server to compare with may ask of it: to publish something once or again and again, to stop
 * that, and to collect garbage. The last is answered with what is left, the others with `{}`.
 */
import { collect } from './collect.ts';

export interface PublishOrder {
  publish: object;
  everyMs: number;
}
export interface OnceOrder {
  once: object;
}
export interface StopOrder {
  stop: true;
}
export interface CollectOrder {
  collect: true;
}
export type Order = PublishOrder | OnceOrder | StopOrder | CollectOrder;

/** The room or topic of everybody, and the event that is sent there. */
export const room = 'viewers';
export const eventName = 'seats:changed';

/** @param publish sends the data of the event to everybody; whoever can encodes it once */
export function obey(publish: (data: object) => void): void {
  let timer: NodeJS.Timeout | undefined;
  process.on('message', async (order: Order) => {
    if ('collect' in order) return void process.send?.(await collect());
    if ('once' in order) publish(order.once);
    else clearInterval(timer);
    if ('publish' in order) timer = setInterval(() => publish(order.publish), order.everyMs);
    process.send?.({});
  });
  process.on('disconnect', () => process.exit());
}
