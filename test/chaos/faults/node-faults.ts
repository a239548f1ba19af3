/** Faults of the nodes: killed and stopped at chosen points or anywhere, busy, out of files, at a wrong time. */
import type { FaultPoint } from '../../../src/fault-points.ts';
import { SeatcastClient } from '../../../src/client/client.ts';
import { lacks } from '../stage/machine.ts';
import type { NodeProcess } from '../stage/node-process.ts';
import { became, pause, until } from '../stage/wait.ts';
import type { Fault, Ground } from './fault.ts';

const anyNode = ({ stage, random }: Ground): NodeProcess => random.pick(stage.nodes);

/** Where the code does not pass the point, the node is killed while a confirm is on its way there. */
async function killAt(ground: Ground, point: FaultPoint): Promise<void> {
  const node = anyNode(ground);
  ground.silence(node);
  node.arm(point, 'kill', ground.random.whole(1, 4));
  if (!(await node.fired(4000))) {
    ground.note(`${point} was not passed: killed while confirms were under way`);
    await became(() => isConfirming(ground, node), 2000);
    await node.process.end();
  }
  await node.process.gone();
  await pause(ground.random.whole(0, 1000));
  await node.revive();
}

const isConfirming = ({ buyers }: Ground, node: NodeProcess) =>
  buyers.some((buyer) => buyer.confirming && buyer.connection.node === node.index);

const crash = (id: string, title: string, point: FaultPoint, more: Pick<Fault, 'paid'> = {}): Fault => ({
  ...more,
  id,
  title,
  run: (ground) => killAt(ground, point),
});

export const nodeFaults: Fault[] = [
  crash('F1', 'node killed after beginning a confirm, before the transaction', 'confirm.begun'),
  crash('F2', 'node killed after the commit, before the answer', 'confirm.committed'),
  crash('F3', 'node killed after the answer, before the seats are shown as sold', 'confirm.answered'),
  {
    id: 'F4',
    title: 'node stopped between beginning a confirm and the transaction, longer than the grace',
    async run(ground) {
      const node = anyNode(ground);
      ground.silence(node);
      node.arm('confirm.begun', 'stop');
      if (!(await node.fired(4000))) {
        ground.note('confirm.begun was not passed: stopped while confirms were under way');
        await became(() => isConfirming(ground, node), 2000);
        node.process.signal('SIGSTOP');
      }
      await pause(ground.long ? 20_000 : 14_000);
      await node.revive();
    },
  },
  {
    id: 'F5',
    title: 'node stopped for long, and Redis drops its full subscription meanwhile',
    async run(ground) {
      const node = anyNode(ground);
      ground.silence(node);
      node.process.signal('SIGSTOP');
      ground.note('Redis drops the subscription at once, not when 8 MB are waiting');
      // The kernel and the proxy would take megabytes before Redis' own limit counts.
      await ground.stage.redis.direct.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await pause(ground.long ? 60_000 : ground.random.whole(3000, 7000));
      await node.revive();
    },
  },
  {
    id: 'F6',
    title: 'event loop of a node busy for 5 s',
    async run(ground) {
      const node = anyNode(ground);
      ground.silence(node);
      node.busy(5000);
      await pause(5000);
      await until(() => node.ready(), 'the busy node to answer again');
    },
  },
  {
    id: 'F16',
    title: 'clock of a node an hour off',
    missing: ({ nodes }) => lacks.clock((nodes[0] as NodeProcess).clock),
    async run(ground) {
      const node = anyNode(ground);
      node.clock.turn(ground.random.pick([3_600_000, -3_600_000]));
      ground.note(`${node.clock.offsetMs > 0 ? '+' : '−'}1 h`);
      await pause(ground.random.whole(1500, 4000));
      node.clock.turn(0);
    },
  },
  {
    id: 'F33',
    title: 'node killed, and all its viewers come back at once',
    async run(ground) {
      const { stage, eventId, violation } = ground;
      const node = anyNode(ground);
      ground.silence(node);
      const count = ground.long ? 1000 : 200;
      ground.note(`${count} viewers`);
      const order = [node, ...stage.nodes.filter((other) => other !== node)];
      const urls = order.map(({ url }) => url);
      const crowd = Array.from(
        { length: count },
        () => new SeatcastClient({ urls, reconnectMs: 100, timeoutMs: 10_000 }),
      );
      try {
        const maps = crowd.map((client) => client.watch(eventId));
        await until(() => maps.every((map) => map.fresh), 'the crowd of viewers', 60_000);
        await node.process.end();
        const backWithin = 10_000;
        const lost = await became(
          () => crowd.every((client) => client.state !== 'connected') || maps.every((map) => map.fresh),
          2000,
        );
        const back = lost && (await became(() => maps.every((map) => map.fresh), backWithin));
        if (!back)
          violation(
            `${maps.filter((map) => !map.fresh).length} of ${count} viewers had no fresh map ${backWithin} ms after their node was killed`,
          );
      } finally {
        for (const client of crowd) client.close();
      }
      await node.revive();
    },
  },
  {
    id: 'F34',
    title: 'node out of file descriptors, its log on a full disk',
    missing: ({ disks }) => lacks.prlimit() ?? lacks.disks(disks.logs),
    async run(ground) {
      const { stage, eventId } = ground;
      const node = anyNode(ground);
      stage.disks.logs.fill?.();
      node.allowFiles(2);
      const knocking = Array.from(
        { length: 20 },
        () => new SeatcastClient({ urls: [node.url], timeoutMs: 3000 }),
      );
      for (const client of knocking) client.watch(eventId);
      await pause(ground.random.whole(2000, 4000));
      for (const client of knocking) client.close();
      node.allowAllFiles();
      stage.disks.logs.empty();
      await until(
        () => node.process.running && node.ready(),
        'the node to be ready without having been started again',
      );
    },
  },
  crash('F37', 'relay killed between sending and marking', 'outbox.sent'),
  {
    id: 'F38',
    title: 'three sweepers and relays at once, over many holds that run out together',
    isCalm: true,
    async run(ground) {
      ground.note('no damage: three nodes sweep what nobody confirms');
      await pause(3500);
    },
  },
  crash(
    'F2b',
    'node killed after a cancellation is committed, before the seats are shown as free',
    'cancel.committed',
  ),
  crash('F1b', 'node killed before it calls for the payment', 'saga.before-call', { paid: true }),
  crash('F1c', 'node killed after the payment was called for, before it is written down', 'saga.after-call', {
    paid: true,
  }),
];
