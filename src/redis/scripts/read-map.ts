import { defineScript } from './script.ts';

/** The whole map: one letter a seat. */
export const readMap = defineScript('read-map', () => [], {
  map: ([seats = '', cut]) => ({ seats, cut: Number(cut) }),
});
