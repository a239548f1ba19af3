/** Faults of PostgreSQL: sessions ended, processes killed, restarts, a full disk, locks, a careless setting. */
import { lacks } from '../stage/machine.ts';
import type { Stage } from '../stage/stage.ts';
import { became, pause, until } from '../stage/wait.ts';
import type { Fault } from './fault.ts';

export const postgresFaults: Fault[] = [
  {
    id: 'F24',
    title: 'sessions of PostgreSQL ended in the middle',
    async run({ stage, random }) {
      for (let i = 0; i < 10; i++) {
        await stage.postgres.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'seatcast' and ($1 or random() < 0.5)",
          [random.chance(0.3)],
        );
        await pause(random.whole(50, 400));
      }
    },
  },
  {
    id: 'F25',
    title: 'a process of PostgreSQL killed, so that all start over',
    async run({ stage, random }) {
      // It answers for a moment more, until it has noticed: then it ends every connection, this one too.
      const witness = await stage.postgres.client();
      let noticed = false;
      witness.once('end', () => {
        noticed = true;
      });
      const pids = await stage.postgres.backends();
      const killed = pids.length > 0 && process.kill(random.pick(pids), 'SIGKILL');
      if (killed) await until(() => noticed, 'PostgreSQL to notice');
      else await witness.end();
      await until(() => stage.postgres.answers(), 'PostgreSQL to recover');
    },
  },
  {
    id: 'F26',
    title: 'PostgreSQL stopped at once, and started again later',
    async run({ stage, random, long }) {
      await stage.postgres.stopImmediately();
      await pause(long ? 30_000 : random.whole(500, 5000));
      await stage.postgres.revive();
    },
  },
  {
    id: 'F27',
    title: "disk of PostgreSQL's log full",
    missing: ({ disks }) => lacks.disks(disks.wal),
    async run({ stage, random, note }) {
      const { postgres, disks } = stage;
      disks.wal.fill?.();
      postgres.process.mayEnd = true;
      await fillLog(stage);
      await pause(random.whole(1000, 3000));
      const ended = !postgres.process.running || !(await postgres.answers());
      note(ended ? 'PostgreSQL panicked' : 'PostgreSQL stayed up');
      disks.wal.empty();
      if (postgres.process.running) await became(() => postgres.answers(), 10_000);
      await postgres.revive();
    },
  },
  {
    id: 'F28',
    title: "the event's row locked by somebody else",
    async run({ stage, random, eventId, violation }) {
      const client = await stage.postgres.client();
      try {
        await client.query('begin');
        await client.query('select id from events where id = $1 for update', [eventId]);
        await pause(random.whole(3500, 6000));
        await client.query('rollback');
      } catch (error) {
        violation(`the lock could not be taken: ${error}`);
      } finally {
        await client.end();
      }
    },
  },
  {
    id: 'F29',
    title: 'synchronous_commit = off: a node must refuse to start',
    async run({ stage, violation, silence, random }) {
      const node = random.pick(stage.nodes);
      silence(node);
      await stage.postgres.query('alter role seatcast set synchronous_commit = off');
      await node.process.end();
      const started = await node.start().then(
        () => true,
        () => false,
      );
      if (started) violation('a node started although synchronous_commit is off');
      // It has refused, as it should.
      stage.takeUnexpectedEnds();
      await node.process.end();
      await stage.postgres.query('alter role seatcast reset synchronous_commit');
      await node.revive();
    },
  },
];

/** Writes until the log needs room that is not there. */
async function fillLog({ postgres }: Stage): Promise<void> {
  try {
    await postgres.query('create table if not exists filler (text text)');
    for (let i = 0; i < 40; i++) {
      await postgres.query(
        'insert into filler select repeat(md5(random()::text), 30) from generate_series(1, 1000)',
      );
      await postgres.query('select pg_switch_wal()');
    }
  } catch {
    // That was the point.
  } finally {
    await postgres.query('drop table if exists filler').catch(() => undefined);
  }
}
