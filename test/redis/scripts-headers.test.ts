/** The Lua files read as text: what their headers promise is what the code and the wrappers do. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeKeys } from '../../src/redis/keys.ts';
import type { Script } from '../../src/redis/scripts/script.ts';

type AnyScript = Script<never, Record<string, (fields: string[]) => object>>;

const folder = new URL('../../src/redis/scripts/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.lua'))
  .map((file) => file.slice(0, -'.lua'.length));
/** Included by the others, never run alone. */
const included = ['inventory', 'waitlist', 'matching'];
const scripts = names.filter((name) => !included.includes(name)).map(parse);
const inventory = parse('inventory');
/** What stands in a script as it is run. */
const parts = included.map(parse);
/** What every script that includes the inventory may answer beside its own words. */
const commonWords = ['unloaded'];
/** What `recall` answers for the scripts that ask it. */
const recallWords = ['repeat', 'reused'];

interface Parsed {
  name: string;
  purpose: string;
  include: string | undefined;
  /** Number and whether the rest follows ("7.. seats"). */
  args: { number: number; rest: boolean; about: string }[];
  keys: { number: number; name: string }[];
  statusWords: string[];
  code: string;
}

function parse(name: string): Parsed {
  const lines = read(`${name}.lua`).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('--'));
  const header = lines.slice(0, end).map((line) => line.slice(2));
  const code = lines
    .slice(end)
    .filter((line) => !/^\s*--/.test(line))
    .join('\n');
  const starts = header.findIndex((line) => /^ (@include|KEYS|ARGV|Returns)/.test(line));
  const section = (title: string): string[] => {
    const from = header.findIndex((line) => line.startsWith(` ${title}`));
    if (from < 0) return [];
    const length = header.slice(from + 1).findIndex((line) => !line.startsWith('   '));
    return header.slice(from + 1, length < 0 ? undefined : from + 1 + length);
  };
  return {
    name,
    purpose: header.slice(0, starts).join(' ').trim(),
    include: header.map((line) => /^ @include ([a-z-]+)$/.exec(line)?.[1]).find((found) => found),
    args: section('ARGV').flatMap((line) => {
      const found = /^ {3}(\d+)(\.\.)? (.+)$/.exec(line);
      return found ? [{ number: Number(found[1]), rest: found[2] === '..', about: found[3] ?? '' }] : [];
    }),
    keys: section('KEYS').flatMap((line) => {
      const found = /^ {3}(\d+) ([a-z]+)/.exec(line);
      return found ? [{ number: Number(found[1]), name: found[2] ?? '' }] : [];
    }),
    statusWords: section('Returns').flatMap(
      (line) => /^ {3}([a-z]+(?:-[a-z]+)*)(?:\s|$)/.exec(line)?.[1] ?? [],
    ),
    code,
  };
}

function wordsInCode(code: string): string[] {
  const words = [...code.matchAll(/(?:\bfinish\(|\breturn \{ )'([a-z-]+)'/g)].map(
    ([, word]) => word as string,
  );
  return [...new Set([...words, ...(/\brecall\(/.test(code) ? recallWords : [])])].sort();
}

async function wrapperOf(name: string): Promise<AnyScript> {
  const module = (await import(new URL(`${name}.ts`, folder).href)) as Record<string, unknown>;
  const found = Object.values(module).filter(
    (value): value is AnyScript => typeof value === 'object' && value !== null && 'decoders' in value,
  );
  expect(found, `${name}.ts exports one script`).toHaveLength(1);
  return found[0] as AnyScript;
}

test('there are scripts, and every one has a wrapper of its name', () => {
  expect(scripts.length).toBeGreaterThan(10);
  const wrappers = readdirSync(folder).filter((file) => file.endsWith('.ts') && file !== 'script.ts');
  expect(wrappers.sort()).toEqual(scripts.map(({ name }) => `${name}.ts`).sort());
});

describe.each(scripts)('$name.lua', (script) => {
  test('says what it is for', () => {
    expect(script.purpose).toMatch(/^[A-Z].{20,}\.$/);
  });

  test('names its arguments in order, without a hole, and uses each', () => {
    const first = script.include ? 2 : 1;
    expect(script.args.map(({ number }) => number)).toEqual(script.args.map((_, index) => first + index));
    for (const { number, rest, about } of script.args) {
      const use = rest ? new RegExp(`= ${number}, #ARGV\\b`) : new RegExp(`ARGV\\[${number}\\]`);
      expect(script.code, `ARGV ${number} (${about}) is used`).toMatch(use);
    }
    expect(script.args.slice(0, -1).filter(({ rest }) => rest)).toEqual([]);
    const declared = new Set(script.args.map(({ number }) => number));
    const usedNumbers = [...script.code.matchAll(/ARGV\[(\d+)\]/g)].map(([, number]) => Number(number));
    expect(usedNumbers.filter((number) => !declared.has(number))).toEqual([]);
  });

  test('header, code and wrapper know the same status words', async () => {
    expect(script.statusWords.length).toBeGreaterThan(0);
    expect(script.code, 'a status word is written out where it is answered').not.toMatch(/\bfinish\([^']/);
    const inHeader = [...script.statusWords].sort();
    expect(wordsInCode(script.code), 'code against header').toEqual(inHeader);
    const { decoders } = await wrapperOf(script.name);
    // A repeat is decoded as the first answer it carries.
    const toBeDecoded = inHeader.filter((word) => word !== 'repeat');
    expect(Object.keys(decoders).sort(), 'wrapper against header').toEqual(toBeDecoded);
  });

  test('its wrapper loads this file with what it includes', async () => {
    const wrapper = await wrapperOf(script.name);
    expect(wrapper.name).toBe(script.name);
    if (script.include) expect(script.include).toBe('inventory');
    let whole = read(`${script.name}.lua`);
    if (script.include) {
      for (const part of included) whole = whole.replace(`-- @include ${part}`, () => read(`${part}.lua`));
    }
    expect(wrapper.source).toBe(whole);
    expect(whole).not.toContain('@include');
  });

  test('reads and writes only through the functions that the header of inventory.lua names', () => {
    expect(script.code).not.toMatch(/redis\.(pcall|call\(')(PUBLISH|SPUBLISH|EVAL|FLUSH|KEYS|SCAN|CONFIG)/);
    if (!script.include) return;
    // Only one place writes seats, positions and ticks, so that no change goes without its position.
    expect(script.code).not.toMatch(/'(SETRANGE|SETBIT|SET|XADD)', /);
    expect(script.code).not.toMatch(/'position'|DIRTY/);
  });
});

describe('keys', () => {
  const names = inventory.keys.map(({ name }) => name);
  const locals = names.map((name) => name.toUpperCase());

  test('are made in the order the header of inventory.lua says', () => {
    expect(makeKeys('p').event('e')).toEqual(names.map((name) => `p:{e}:${name}`));
    expect(inventory.keys.map(({ number }) => number)).toEqual(names.map((_, index) => index + 1));
  });

  test.each([...parts, ...scripts])('$name.lua makes none itself', ({ name, code, include }) => {
    const own = new Set<string>();
    for (const [, left, right] of code.matchAll(/^local ([A-Z, ]+) = (KEYS\[.*)$/gm)) {
      const keyNames = left?.split(', ') ?? [];
      const numbers = [...(right ?? '').matchAll(/KEYS\[(\d+)\]/g)].map(([, number]) => Number(number));
      expect(numbers).toHaveLength(keyNames.length);
      keyNames.forEach((keyName, index) => {
        expect(keyName, `KEYS[${numbers[index]}]`).toBe(locals[(numbers[index] ?? 0) - 1]);
        own.add(keyName);
      });
    }
    const allowed = include || included.includes(name) ? new Set(locals) : own;
    const calls = [...code.matchAll(/redis\.call\('([A-Z]+)'((?:, [^()\n]*)?)/g)];
    expect(calls).toHaveLength(code.match(/redis\.p?call/g)?.length ?? 0);
    for (const [call, command = '', rest = ''] of calls) {
      const given = rest.split(', ').slice(1);
      const many = ['DEL', 'UNLINK', 'EXISTS', 'RENAME'].includes(command);
      const keysGiven = command === 'TIME' ? [] : many ? given : given.slice(0, 1);
      if (command !== 'TIME') expect(keysGiven.length, call).toBeGreaterThan(0);
      for (const key of keysGiven) {
        expect(allowed.has(key) || key === 'KEYS[1]', `${name}.lua: ${call}: ${key}`).toBe(true);
      }
    }
    if (include || (included.includes(name) && name !== 'inventory')) expect(code).not.toMatch(/KEYS\[/);
  });
});

test('what the scripts share answers what its header says', () => {
  expect(inventory.purpose).toMatch(/^The part every script/);
  expect(wordsInCode(inventory.code).filter((word) => !recallWords.includes(word))).toEqual(commonWords);
  for (const word of recallWords) expect(inventory.code).toContain(`finish('${word}'`);
  for (const word of commonWords)
    expect(read('inventory.lua')).toMatch(new RegExp(`^--   status '${word}'`, 'm'));
});
