import { defineScript, nothing } from './script.ts';

/** Category (or * for all) to its stretches, as `layoutOf` writes them. */
export type Layout = ReadonlyMap<string, string>;

export const setLayout = defineScript('set-layout', (args: { layout: Layout }) => [...args.layout].flat(), {
  set: nothing,
});
