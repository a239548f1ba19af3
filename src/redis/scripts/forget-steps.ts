import { defineScript, nothing } from './script.ts';

export const forgetSteps = defineScript(
  'forget-steps',
  (args: { keys: readonly string[] }) => [...args.keys],
  { forgotten: nothing },
);
