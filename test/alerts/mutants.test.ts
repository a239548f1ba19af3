/** C8 of the fault tests finds what is planted here: an alert that is not sent, sent too early, twice, or for no start. */
import { expect, test } from 'vitest';
import { checkAlerts } from '../chaos/checks/alerts.ts';
import { Story } from '../chaos/checks/story.ts';
import { AlertHall } from '../chaos/crowd/alert-hall.ts';
import { seeded } from '../chaos/random.ts';
import { claimAlerts } from '../../src/database/notification-statements.ts';
import { startTestHubs } from '../support/hub.ts';

interface Mutant {
  name: string;
  /** What its first finding is like. */
  finds: RegExp;
  /** In the statement that claims what is due: what is replaced, and by what. */
  claim?: [from: string | RegExp, to: string][];
  /** Likewise in functions of the database. */
  functions?: [name: string, from: string | RegExp, to: string][];
  sql?: string;
}

const mutants: Mutant[] = [
  {
    name: 'A1: an event that is moved has no alerts any more',
    finds: /was never planned/,
    functions: [
      ['plan_alerts', 'where due_at > clock_timestamp()', 'where due_at > clock_timestamp() and false'],
    ],
  },
  {
    name: 'A2: an alert of the old start is sent as well',
    finds: /after the event had moved/,
    functions: [['plan_alerts', "set state = 'dropped'", "set state = 'waiting'"]],
    claim: [[/e\.starts_at = due\.starts_at/g, 'true']],
  },
  {
    name: 'A3: alerts are sent five seconds early',
    finds: /before it was due/,
    claim: [
      [
        "due_at <= statement_timestamp() - $1::float8 * interval '1 millisecond'",
        "due_at <= statement_timestamp() + interval '5 seconds' - $1::float8 * interval '1 millisecond'",
      ],
    ],
  },
  {
    name: 'A4: of the ticket holders the first is told',
    finds: /was never notified/,
    claim: [['order by place, user_id\n  limit 5000', 'order by place, user_id\n  limit 1']],
  },
  {
    name: 'A5: a claim does not end what it claimed, and notifications have no key',
    finds: /was notified \d+ times/,
    claim: [
      ["else 'sent'", "else 'waiting'"],
      ['and is_told is null', ''],
    ],
    functions: [['make_notifications', 'on conflict on constraint notifications_once do nothing', '']],
    sql: 'alter table notifications drop constraint notifications_once',
  },
  {
    name: 'A6: nobody looks for what is due',
    finds: /is not sent/,
    claim: [["state = 'waiting' and due_at", "state = 'nothing' and due_at"]],
  },
];

async function findingsWith(mutant: Mutant | undefined): Promise<string[]> {
  const text = claimAlerts.text;
  const statement = claimAlerts as { text: string };
  for (const [from, to] of mutant?.claim ?? []) statement.text = replaced(statement.text, from, to);
  try {
    const hubs = await startTestHubs(2);
    for (const [name, from, to] of mutant?.functions ?? []) {
      const [row] = await hubs.sql<{ code: string }>('select pg_get_functiondef($1::regproc) as code', [
        name,
      ]);
      await hubs.sql(replaced(row?.code ?? '', from, to));
    }
    if (mutant?.sql) await hubs.sql(mutant.sql);
    const random = seeded(7);
    const hall = new AlertHall({
      query: (query, values) => hubs.sql(query, values),
      urls: hubs.nodes.map(({ url }) => url),
      holders: await hubs.users(3),
      random,
      pace: { dueAtLeastMs: 500, dueAtMostMs: 2500, movedByMs: 2000 },
    });
    try {
      const drafts = await Promise.all(Array.from({ length: 8 }, () => hubs.event({ publish: false })));
      await hall.open(drafts);
      await hall.moveSome();
      await hall.settle(mutant?.name.startsWith('A6') ? 15_000 : 6000);
      const alerts = await hall.read();
      const { evidence } = new Story('f');
      const excuse = { ...evidence.excuse, restAt: performance.now() };
      return checkAlerts({ ...evidence, excuse, alerts }).map(({ sentence }) => sentence);
    } finally {
      hall.close();
    }
  } finally {
    statement.text = text;
  }
}

function replaced(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  expect(result, `nothing is ${from}`).not.toBe(text);
  return result;
}

test('[ALERT-7] nothing is found where nothing is planted', async () => {
  expect(await findingsWith(undefined)).toEqual([]);
});

test.each(mutants)('[ALERT-7] $name', async (mutant) => {
  const found = await findingsWith(mutant);
  expect(found.filter((sentence) => mutant.finds.test(sentence))).not.toEqual([]);
});
