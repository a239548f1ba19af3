/** The rules of `schemas/README.md` and the tests that hold them, compared both ways. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readContracts } from '../src/contracts.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');

const rules = [...read('schemas/README.md').matchAll(/^- \*\*([A-Z]+-\d+)\*\* (.+)$/gm)].map(
  ([, id = '', text = '']) => ({ id, text }),
);

/** Beginnings of tests and suites, whose first argument is a title. */
const title =
  /\b(?:test|it|describe)(?:\.\w+)*(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

const cited = new Map<string, Set<string>>();
for (const path of globSync('test/**/*.test.ts', { cwd: root })) {
  for (const [, , text = ''] of read(path).matchAll(title)) {
    for (const [, id = ''] of text.matchAll(/\[([A-Z]+-\d+)\]/g)) {
      cited.set(id, (cited.get(id) ?? new Set()).add(path));
    }
  }
}

test('the rules are numbered, each once, without a hole', () => {
  expect(rules.length).toBeGreaterThan(30);
  const next = new Map<string, number>();
  for (const { id } of rules) {
    const [group = '', number] = id.split('-');
    expect(Number(number), id).toBe((next.get(group) ?? 0) + 1);
    next.set(group, Number(number));
  }
});

test.each(rules)('$id is the title of a test', ({ id, text }) => {
  expect(cited.has(id), `no test is titled [${id}] ${text}`).toBe(true);
});

test('no test cites a rule that there is not', () => {
  const known = new Set(rules.map((rule) => rule.id));
  const unknown = [...cited].filter(([id]) => !known.has(id));
  expect(unknown.map(([id, paths]) => `${id} in ${[...paths].join(', ')}`)).toEqual([]);
});

describe('every message has its test', () => {
  const files = readContracts().map((contract) => ({
    contract,
    path: `test/channels/${contract.name.replace(':', '/')}.test.ts`,
  }));

  test.each(files)('$contract.name', ({ contract, path }) => {
    expect(existsSync(root + path), `${path} is missing`).toBe(true);
    if (contract.kind === 'tell') return;
    const source = read(path);
    const untested = contract.errors.filter((code) => !source.includes(`'${code}'`));
    expect(untested, `errors of ${contract.name} that ${path} does not bring about`).toEqual([]);
  });
});
