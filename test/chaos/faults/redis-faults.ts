/** Faults of Redis: killed, emptied, frozen, full, busy, split in two, at a wrong time. */
import { lacks } from '../stage/machine.ts';
import type { Stage } from '../stage/stage.ts';
import { pause, until } from '../stage/wait.ts';
import type { Fault, Ground } from './fault.ts';

/** The part of a fault that lasts. */
const lasting = ({ random }: Ground) => pause(random.whole(1000, 3000));

async function down(ground: Ground, ms: number, meanwhile?: () => void): Promise<void> {
  const { redis } = ground.stage;
  await redis.process.end();
  meanwhile?.();
  await pause(ms);
  await redis.revive();
}

export const redisFaults: Fault[] = [
  {
    id: 'F7',
    title: 'Redis killed and started again with its file',
    // The file is written in the page cache at every command, but synced once a second: what is in between
    // survives the process, yet the order of an answer and its write is not promised.
    losesHolds: true,
    run: (ground) => down(ground, ground.random.whole(0, 1500)),
  },
  {
    id: 'F8',
    title: 'Redis empty: restarted without its file, or FLUSHALL',
    losesHolds: true,
    async run(ground) {
      const { redis } = ground.stage;
      if (ground.random.chance(0.5)) {
        ground.note('FLUSHALL');
        await redis.direct.flushall();
        await lasting(ground);
        return;
      }
      ground.note('restarted empty');
      await down(ground, ground.random.whole(0, 1000), () => redis.wipe());
    },
  },
  {
    id: 'F9',
    title: 'Redis loses the end of its file',
    losesHolds: true,
    async run(ground) {
      const { redis } = ground.stage;
      const bytes = ground.random.whole(1000, 60_000);
      ground.note(`the last ${bytes} bytes`);
      await down(ground, 0, () => void redis.loseTail(bytes));
    },
  },
  {
    id: 'F10',
    title: 'two Redis at once, nodes divided between them',
    losesHolds: true,
    salesOnly: true,
    async run(ground) {
      const { stage, random } = ground;
      stage.otherRedis.wipe();
      await stage.otherRedis.start();
      const apart = random.pick(stage.nodes);
      apart.redis.turnTo(stage.otherRedis.port);
      await pause(random.whole(2000, 4000));
      apart.redis.turnTo(stage.redis.port);
      await stage.otherRedis.process.end();
    },
  },
  {
    id: 'F11',
    title: 'Redis down for long',
    losesHolds: true,
    run: (ground) => down(ground, ground.long ? 120_000 : ground.random.whole(5000, 9000)),
  },
  {
    id: 'F12',
    title: 'Redis slow: 300 ms each way, frozen for 3 s, or paused',
    async run(ground) {
      const { stage, random } = ground;
      const how = random.pick(['late', 'frozen', 'paused']);
      ground.note(how);
      if (how === 'late') {
        for (const { redis } of stage.nodes) redis.weather = { delayMs: [200, 300] };
        await pause(3000);
        for (const { redis } of stage.nodes) redis.weather = {};
      } else if (how === 'frozen') {
        stage.redis.process.signal('SIGSTOP');
        await pause(3000);
        await stage.redis.revive();
      } else {
        await stage.redis.direct.client('PAUSE', 3000, 'ALL');
        await pause(3100);
      }
    },
  },
  {
    id: 'F13',
    title: 'Redis out of memory',
    async run(ground) {
      const { direct } = ground.stage.redis;
      await direct.config('SET', 'maxmemory', '1');
      await lasting(ground);
      await direct.config('SET', 'maxmemory', '0');
    },
  },
  {
    id: 'F14',
    title: 'disk of Redis full',
    losesHolds: true,
    missing: ({ disks }) => lacks.disks(disks.redis),
    async run(ground) {
      const { disks, redis } = ground.stage;
      disks.redis.fill?.();
      await pause(ground.random.whole(2500, 4000));
      disks.redis.empty();
      // It may have ended itself over it.
      await redis.revive();
      await until(
        async () => (await redis.direct.set('chaos:probe', '1').catch(() => '')) === 'OK',
        'Redis to take writes',
      );
    },
  },
  {
    id: 'F15',
    title: 'clock of Redis 90 s off',
    losesHolds: true,
    missing: ({ redisClock }) => lacks.clock(redisClock),
    async run(ground) {
      const { stage, random } = ground;
      const ahead = random.chance(0.5);
      ground.note(ahead ? '+90 s' : '−90 s');
      stage.redisClock.turn(ahead ? 90_000 : -90_000);
      await lasting(ground);
      // Back again would leave holds of 93 s; a clock that was behind is put right at once.
      if (!ahead) stage.redisClock.turn(0);
    },
    after: (stage: Stage) => stage.redisClock.turn(0),
  },
  {
    id: 'F17',
    title: 'Redis busy with a script that does not end',
    async run(ground) {
      const { redis } = ground.stage;
      const endless = redis.direct.duplicate();
      endless.on('error', () => undefined);
      const running = endless.eval('while true do end', 0).catch(() => undefined);
      await pause(ground.random.whole(2000, 3500));
      await until(
        async () =>
          (await redis.direct
            .script('KILL')
            .catch((error: Error) => error.message.startsWith('NOTBUSY') && 'OK')) === 'OK',
        'the script to be killed',
      );
      await Promise.race([running, pause(2000)]);
      endless.disconnect();
    },
  },
  {
    id: 'F18',
    title: 'Redis forgets its scripts, again and again',
    async run(ground) {
      for (let i = 0; i < 20; i++) {
        await ground.stage.redis.direct.script('FLUSH');
        await pause(100);
      }
    },
  },
  {
    id: 'F19',
    title: 'subscriptions cut every 100 ms',
    async run(ground) {
      for (let i = 0; i < 30; i++) {
        await ground.stage.redis.direct.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
        await pause(100);
      }
    },
  },
];
