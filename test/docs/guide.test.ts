import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadContracts } from '../../src/contracts.ts';
import { examplesOf } from '../../src/docs/examples.ts';
import { changesExample, conversation, decoder, snapshotExamples } from '../../src/docs/guide.ts';
import { isErrorCode } from '../../src/errors.ts';
import { parsePlan } from '../../src/seating/plan.ts';
import { type PlanWire, planForClients } from '../../src/seating/plan-wire.ts';
import {
  decodeChanges,
  decodeSnapshot,
  encodeChanges,
  encodeSnapshot,
  lettersOfStates,
  type SeatState,
  states,
} from '../../src/seats/codec.ts';

const { asks, tells } = loadContracts();

describe('the examples', () => {
  test.each([...asks.keys()])('of %s fit its contract', (name) => {
    const ask = asks.get(name);
    if (ask === undefined) throw new Error(name);
    const { request, reply } = examplesOf(ask);
    expect(() => ask.checkRequest(request)).not.toThrow();
    expect(ask.checkReply(reply), JSON.stringify(ask.checkReply.errors)).toBe(true);
  });

  test.each([...tells.keys()])('of %s fit its contract', (name) => {
    const tell = tells.get(name);
    if (tell === undefined) throw new Error(name);
    expect(tell.checkData(examplesOf(tell).data), JSON.stringify(tell.checkData.errors)).toBe(true);
  });

  test('of seating plans are one plan, before and after the import', () => {
    const imported = asks.get('plans:import');
    const read = asks.get('plans:read');
    if (!imported || !read) throw new Error('plans');
    const { plan } = examplesOf(read).reply as { plan: PlanWire };
    expect(planForClients(parsePlan(examplesOf(imported).request))).toEqual(plan);
  });
});

describe('the conversation', () => {
  test('fits the contracts', () => {
    for (const turn of conversation) {
      if ('ask' in turn) expect(() => asks.get(turn.ask)?.checkRequest(turn.data)).not.toThrow();
      else if ('reply' in turn) expect(asks.get(turn.reply)?.checkReply(turn.data)).toBe(true);
      else if ('tell' in turn) expect(tells.get(turn.tell)?.checkData(turn.data)).toBe(true);
      else {
        const { code } = turn.error as { code: string };
        expect(isErrorCode(code) && asks.get(turn.refusal)?.errors.includes(code)).toBe(true);
      }
    }
  });

  test('tells of the seats that were asked for', () => {
    const told = conversation.flatMap((turn) =>
      'tell' in turn ? [decodeChanges((turn.data as { changes: string }).changes)] : [],
    );
    expect(told).toEqual([
      new Map([
        [12, states.held],
        [13, states.held],
      ]),
      new Map([
        [12, states.sold],
        [13, states.sold],
      ]),
    ]);
  });
});

describe('the worked examples', () => {
  test('of changes say what the codec reads and writes', () => {
    const changes = decodeChanges(changesExample.text);
    const said = changesExample.groups.flatMap(({ state, seats }) =>
      seats.map((seat) => [seat, states[state]] as const),
    );
    expect([...changes]).toEqual(said);
    expect(encodeChanges(changes)).toBe(changesExample.text);
    expect(changesExample.groups.map(({ group }) => group).join(';')).toBe(changesExample.text);
  });

  test.each(snapshotExamples)('of $snapshot.encoding say what the codec reads and writes', (example) => {
    const seats = decodeSnapshot(example.snapshot);
    expect(lettersOfStates(seats)).toBe(example.letters);
    expect(encodeSnapshot(seats)).toEqual(example.snapshot);
  });
});

describe('the decoder on the page', () => {
  const printed = vm.runInNewContext(`${decoder}\n({ decodeSnapshot, applyChanges })`, { atob }) as {
    decodeSnapshot(snapshot: unknown): string[];
    applyChanges(map: string[], changes: string): void;
  };
  const state = fc.integer({ min: 0, max: 3 });

  test('reads every snapshot as the codec does', () => {
    const seats = fc.oneof(
      fc.uint8Array({ min: 0, max: 3, minLength: 1, maxLength: 300 }),
      fc.tuple(state, fc.integer({ min: 1, max: 3000 })).map(([of, count]) => new Uint8Array(count).fill(of)),
    );
    fc.assert(
      fc.property(seats, (map) => {
        expect([...printed.decodeSnapshot(encodeSnapshot(map))].join('')).toBe(lettersOfStates(map));
      }),
    );
  });

  test('applies all changes as the codec reads them', () => {
    const changes = fc.dictionary(fc.integer({ min: 0, max: 99_999 }).map(String), state);
    fc.assert(
      fc.property(changes, (record) => {
        const map = new Map<number, SeatState>();
        for (const [seat, of] of Object.entries(record)) map.set(Number(seat), of as SeatState);
        const letters: string[] = [];
        printed.applyChanges(letters, encodeChanges(map));
        const read = new Map(Object.entries(letters).map(([seat, letter]) => [Number(seat), letter]));
        expect(read).toEqual(new Map([...map].sort(([a], [b]) => a - b).map(([s, of]) => [s, 'fhsb'[of]])));
      }),
    );
  });
});
