import { defineScript } from './script.ts';

/** Frees what has run out. `dueInMs`: when the next hold wants looking at. */
export const sweepEvent = defineScript('sweep-event', () => [], {
  swept: ([cut, due]) => ({ cut: Number(cut), dueInMs: due ? Number(due) : undefined }),
});
