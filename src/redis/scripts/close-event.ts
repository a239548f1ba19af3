import { defineScript, nothing } from './script.ts';

/** Ends the sale of an event and frees its holds. `more`: call again. */
export const closeEvent = defineScript('close-event', () => [], { closed: nothing, more: nothing });
