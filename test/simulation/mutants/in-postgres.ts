/** Faults in what PostgreSQL does, or is asked to do. */
import { makeConfirmHolds, simStatements } from '../postgres-statements.ts';
import type { SimStatement } from '../postgres-tables.ts';
import type { Mutant } from './mutant.ts';

const statement = (name: string) => simStatements[name] as SimStatement;

const refusedUnwritten = (tx: Parameters<SimStatement>[0], parameters: unknown[]): unknown[] => {
  const [found] = statement('read-outcome')(tx, parameters);
  return [found ?? { outcome: 'refused', reason: String(parameters[2]) }];
};

export const inPostgres: Mutant[] = [
  {
    name: 'M1',
    says: 'PostgreSQL has no unique index of active seats; it only looks before it writes',
    seed: 12,
    focus: ['PostgreSQL commits slowly', 'Redis is flushed', 'Redis restarts empty'],
    statements: { 'confirm-holds': makeConfirmHolds({ noIndex: true }) },
  },
  {
    name: 'M5',
    says: 'how a confirm ended is found out by reading, without writing the refusal',
    seed: 74,
    focus: ['PostgreSQL commits slowly', 'a node is killed'],
    statements: { 'refuse-hold': refusedUnwritten },
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
