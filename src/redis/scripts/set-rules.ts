import { defineScript, nothing } from './script.ts';

/** Takes over until when (ms) an event is on sale. */
export const setRules = defineScript('set-rules', (args: { closesAt: number }) => [args.closesAt], {
  set: nothing,
});
