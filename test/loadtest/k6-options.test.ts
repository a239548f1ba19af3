import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { profileNames, profileOf, scenarioNames } from '../../loadtest/k6/profiles.ts';
import { findK6 } from '../../loadtest/runner/find-k6.ts';
import { profileInWords, readOptions, usage } from '../../loadtest/runner/options.ts';

test('without more words it is the smoke of that scenario on two nodes', () => {
  expect(readOptions(['viewers'])).toEqual({
    scenario: 'viewers',
    profileName: 'smoke',
    profile: profileOf('viewers', 'smoke'),
    nodes: 2,
  });
});

test('numbers of a profile can be changed one by one', () => {
  const options = readOptions(['on-sale', '--profile', 'load', '--buyers', '50', '--nodes', '1']);
  expect(options?.profile).toEqual({ ...profileOf('on-sale', 'load'), buyers: 50 });
  expect(options?.nodes).toBe(1);
});

test.for([
  [[], /^Which scenario: viewers, on-sale, /],
  [['opera'], /There is no scenario "opera"/],
  [['viewers', 'booking'], /There is no scenario "viewers booking"/],
  [['on-sale', '--profile', 'soak'], /on-sale has no profile "soak", but smoke, load, stress\./],
  [['viewers', '--profile', 'toString'], /no profile "toString"/],
  [['viewers', '--nodes', '0'], /--nodes is "0", but it must be a whole number from 1 to 16\./],
  [['viewers', '--viewers', '1e3'], /--viewers is "1e3"/],
  [['booking', '--buyers', '0'], /Nobody would come/],
  [['viewers', '--fast'], /--fast/],
] as const)('%s is told what is wrong', ([args, sentence]) => {
  expect(() => readOptions([...args])).toThrow(sentence);
});

test('help names every scenario and every profile in numbers', () => {
  expect(readOptions(['--help'])).toBeUndefined();
  const text = usage();
  for (const scenario of scenarioNames) {
    expect(text).toContain(`  ${scenario}: `);
    for (const name of profileNames) {
      const profile = profileOf(scenario, name);
      if (profile) expect(text).toContain(profileInWords(profile));
    }
  }
  expect(text).toContain('2,000 buyers, 200 seats, in within 20 s, then 60 s');
});

test('k6 is what K6 names, if it is new enough', () => {
  const directory = mkdtempSync(join(tmpdir(), 'k6-'));
  const fake = (version: string) => {
    const file = join(directory, `k6-${version}`);
    writeFileSync(file, `#!/bin/sh\necho "k6 v${version} (go1.26, linux/amd64)"\n`, { mode: 0o755 });
    return file;
  };
  try {
    const command = fake('2.1.0');
    expect(findK6({ K6: command })).toEqual({ command, version: '2.1.0' });
    expect(findK6({ K6: fake('0.49.0') })).toBeUndefined();
    expect(findK6({ K6: join(directory, 'none') })).toBeUndefined();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
