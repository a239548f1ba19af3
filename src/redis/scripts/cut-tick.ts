import { defineScript, nothing } from './script.ts';

/** Cuts the tick the caller promised. */
export const cutTick = defineScript('cut-tick', () => [], { cut: nothing });
