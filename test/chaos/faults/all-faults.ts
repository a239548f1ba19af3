import { clientFaults } from './client-faults.ts';
import type { Fault } from './fault.ts';
import { networkFaults } from './network-faults.ts';
import { nodeFaults } from './node-faults.ts';
import { postgresFaults } from './postgres-faults.ts';
import { redisFaults } from './redis-faults.ts';

const numberOf = (fault: Fault) => Number.parseInt(fault.id.slice(1), 10);

/** In the order of the catalogue. */
export const allFaults: readonly Fault[] = [
  ...nodeFaults,
  ...redisFaults,
  ...networkFaults,
  ...postgresFaults,
  ...clientFaults,
].sort((a, b) => numberOf(a) - numberOf(b) || a.id.localeCompare(b.id));
