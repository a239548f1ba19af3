/**
 * How long are the messages? Maps and ticks as the hub's own code writes them, whole WebSocket frames, against
 * the same said in plain JSON. Nothing is measured, so nothing varies: the seats come from a fixed seed.
 */
import { barChart } from './shared/chart.ts';
import { decimal, type Result, verdict, whole } from './shared/results.ts';
import { changesFrames, type Frames, snapshotFrames, writers } from './bytes/frames.ts';
import { busyTick, nearlySoldOut, randomFrom, soldAtRandom } from './bytes/maps.ts';

const houseSeats = 20_000;
const ticks = 1000;
/** Where a crowd that wants the same seats buys. */
const nearSeats = 400;
const aims = { snapshot: 7 * 1024, seat: 6 };

interface Row extends Frames {
  name: string;
  /** Bytes are told for each of them. */
  seats: number;
}

export async function askBytes(): Promise<Result> {
  const random = randomFrom(20_000);
  const half = (seats: number) => soldAtRandom(seats, 0.5, random);
  const maps = [
    ['new', new Uint8Array(houseSeats)],
    ['half sold, at random', half(houseSeats)],
    ['nearly sold out', nearlySoldOut(houseSeats, random)],
    ['sold out', new Uint8Array(houseSeats).fill(2)],
  ] as const;
  const mapRow = (name: string, seats: Uint8Array): Row => ({ name, seats: 1, ...snapshotFrames(seats) });
  const snapshots = [
    ...maps.map(([name, seats]) => mapRow(`map of ${whole(houseSeats)}, ${name}`, seats)),
    ...[1000, 100_000].map((seats) => mapRow(`map of ${whole(seats)}, half sold, at random`, half(seats))),
  ];
  const tickRow = (name: string, count: number, among: number): Row => {
    const all = Array.from({ length: ticks }, () =>
      changesFrames(busyTick(count, houseSeats, among, random)),
    );
    const sum = (writer: keyof Frames) => all.reduce((bytes, frames) => bytes + frames[writer], 0) / ticks;
    const each = Object.fromEntries(writers.map((writer) => [writer, sum(writer)])) as unknown as Frames;
    return { name: `tick of ${count} ${name}, a seat`, seats: count, ...each };
  };
  const changes = [
    tickRow('seat', 1, houseSeats),
    ...[10, 100].flatMap((count) => [
      tickRow('near seats', count, nearSeats),
      tickRow('far seats', count, houseSeats),
    ]),
  ];
  return report(snapshots, changes);
}

function report(snapshots: Row[], changes: Row[]): Result {
  const longest = Math.max(...snapshots.slice(0, 4).map(({ ours }) => ours));
  const busy = Math.max(...changes.slice(-2).map(({ ours, seats }) => ours / seats));
  const rows = [...snapshots, ...changes];
  const each = (row: Row, writer: keyof Frames) => {
    const bytes = row[writer] / row.seats;
    return row.name.startsWith('tick') ? decimal(bytes, 1) : whole(bytes);
  };
  const shown = [snapshots[1], changes.at(-1)] as [Row, Row];
  return {
    title: 'How long are the messages?',
    answer: `The map of a house of ${whole(houseSeats)} seats takes at most ${whole(longest)} bytes, whole frame (${verdict(longest <= aims.snapshot, '7 KB')}), and a changed seat in a busy tick of 100 at most ${decimal(busy, 1)} (${verdict(busy <= aims.seat, `${aims.seat} bytes`)}). Short JSON takes ${decimal(shown[0].short / shown[0].ours, 1)} × and ${decimal(shown[1].short / shown[1].ours, 1)} × as much, an object for each seat ${decimal(shown[0].objects / shown[0].ours, 0)} × and ${decimal(shown[1].objects / shown[1].ours, 0)} ×.`,
    table: {
      columns: ['bytes', 'ours', 'short JSON', 'objects', 'objects with labels', 'short JSON / ours'],
      rows: rows.map((row) => [
        row.name,
        ...writers.map((writer) => each(row, writer)),
        decimal(row.short / row.ours, 1),
      ]),
    },
    notes: [
      `Whole frames as they are sent, with the header of the WebSocket: the answer to \`seats:watch\` of somebody who has no holds, and \`seats:changed\`. Envelope, event, epoch and position are the same in all. Nothing is compressed.`,
      `*Short JSON*: a map as \`[0,2,…]\`, a number a seat (as one string of letters it would be half of that), changes as \`[[1207,1],…]\`. *Objects*: \`{"seat":1207,"status":"held"}\`. *With labels*: \`{"seat":"Stalls, row 61, seat 8","status":"held"}\`.`,
      `*Nearly sold out*: 97 % are sold, 1 % held. A tick holds, sells and frees pairs and single seats, drawn anew ${whole(ticks)} times (the mean is shown), all from the same ${nearSeats} seats (*near*) or from the whole house (*far*). Every frame of ours was read again and was right.`,
    ],
    chart: barChart({
      title: 'Bytes for a changed seat in a busy tick',
      unit: '100 seats of 20,000 in one frame, far apart; shorter is better',
      bars: writers.map((writer) => ({
        label: { ours: 'ours', short: 'short JSON', objects: 'objects', labels: 'objects with labels' }[
          writer
        ],
        value: shown[1][writer] / shown[1].seats,
        text: `${each(shown[1], writer)} bytes`,
        dots: [],
        ours: writer === 'ours',
      })),
    }),
  };
}
