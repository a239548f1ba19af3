import { defineScript, nothing, type RawTick } from './script.ts';

function decodeTicks(fields: string[]): { ticks: RawTick[] } {
  const ticks: RawTick[] = [];
  for (let i = 0; i + 2 < fields.length; i += 3) {
    ticks.push({ from: Number(fields[i]), to: Number(fields[i + 1]), seats: fields[i + 2] as string });
  }
  return { ticks };
}

/** The ticks after a position; `gone` when the log does not reach back that far. */
export const readTicks = defineScript(
  'read-ticks',
  (args: { epoch: string; position: number }) => [args.epoch, args.position],
  { ticks: decodeTicks, gone: nothing },
);
