import { parseArgs } from 'node:util';
import { allFaults } from './faults/all-faults.ts';
import type { Fault } from './faults/fault.ts';

export interface Options {
  faults: Fault[];
  injections: number;
  seed: number;
  buyers: number;
  /** Go on with faults chosen at random for so long. */
  soakMinutes: number;
  long: boolean;
  keep: boolean;
  list: boolean;
}

export const usage = `node test/chaos/run.ts [--all | --fault F7,F8] [--injections 20] [--seed 1]
  --all          every fault of the catalogue, in its order (default)
  --fault ids    only these
  --injections n of each (default 1)
  --seed n       of the first injection; the next has n + 1
  --soak minutes faults chosen at random, for so long
  --buyers n     default 50
  --long         outages in their true length
  --keep         keep the histories of rounds without a violation too
  --list         what there is, and what cannot be done here`;

/** @throws with a sentence for people */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      all: { type: 'boolean', default: false },
      fault: { type: 'string' },
      injections: { type: 'string', default: '1' },
      seed: { type: 'string', default: '1' },
      soak: { type: 'string', default: '0' },
      buyers: { type: 'string', default: '50' },
      long: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  });
  return {
    faults: values.fault ? values.fault.split(',').map(faultOf) : [...allFaults],
    injections: number('injections', values.injections, 1),
    seed: number('seed', values.seed, 0),
    buyers: number('buyers', values.buyers, 1),
    soakMinutes: number('soak', values.soak, 0),
    long: values.long,
    keep: values.keep,
    list: values.list,
  };
}

function faultOf(id: string): Fault {
  const found = allFaults.find((fault) => fault.id.toLowerCase() === id.trim().toLowerCase());
  if (!found)
    throw new Error(`There is no fault ${id}; there are ${allFaults.map((fault) => fault.id).join(' ')}.`);
  return found;
}

function number(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`--${name} is "${text}", not a whole number from ${least}.`);
  return value;
}
