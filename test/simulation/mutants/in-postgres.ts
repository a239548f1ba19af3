/** Faults in what PostgreSQL does, or is asked to do. */
import { makeConfirmHolds, simStatements } from '../postgres-statements.ts';
import type { SimStatement } from '../postgres-tables.ts';
import type { Mutant } from './mutant.ts';

const statement = (name: string) => simStatements[name] as SimStatement;

export const inPostgres: Mutant[] = [
  {
    name: 'M1',
    says: 'PostgreSQL has no unique index of active seats; it only looks before it writes',
    seed: 12,
    focus: ['PostgreSQL commits slowly', 'Redis is flushed', 'Redis restarts empty'],
    statements: { 'confirm-holds': makeConfirmHolds({ noIndex: true }) },
  },
  {
    name: 'M6',
    says: 'no outcomes are kept',
    seed: 1,
    statements: {
      'confirm-holds': makeConfirmHolds({ noOutcome: true }),
      'refuse-hold': (_, parameters) => [{ outcome: 'refused', reason: String(parameters[2]) }],
    },
  },
  {
    name: 'N3',
    says: 'a row of the outbox is marked as done before it is',
    seed: 17,
    statements: {
      'take-outbox': (tx, parameters) => {
        const rows = statement('take-outbox')(tx, parameters) as { id: string }[];
        statement('mark-sent')(tx, [rows.map(({ id }) => id)]);
        return rows;
      },
    },
  },
];
