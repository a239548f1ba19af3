import { simulate } from './world.ts';
import { mutants } from './mutants.ts';
const args = process.argv.slice(2);
const mi = args.indexOf('--mutant');
const mutant = mi < 0 ? undefined : mutants.find((m) => m.name === args[mi + 1]);
const n = (name: string, d: number) => { const i = args.indexOf(name); return i < 0 ? d : Number(args[i + 1]); };
if (args.includes('--replay')) {
  const r = await simulate(n('--replay', 1), mutant, args.includes('--verbose') ? (t) => console.log(t) : undefined);
  console.log(r);
} else {
  const from = n('--from', 1), count = n('--seeds', 100);
  const start = performance.now();
  const bad = new Map<string, number[]>();
  let steps = 0, acks = 0, bookings = 0;
  for (let seed = from; seed < from + count; seed++) {
    const r = await simulate(seed, mutant);
    steps += r.steps; acks += r.acknowledged; bookings += r.bookings;
    for (const v of r.violations) { const l = bad.get(v.invariant) ?? []; l.push(seed); bad.set(v.invariant, l); if (l.length < 3) console.log(seed, v); }
  }
  console.log({ ms: performance.now() - start, steps, acks, bookings }, bad);
}
