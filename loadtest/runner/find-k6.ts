/** Where k6 is: it comes from its own packages, not from npm. */
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

export interface K6 {
  command: string;
  /** e.g. "1.8.1" */
  version: string;
}

const ownPlace = '.data/bin/k6';

export const howToGetK6 =
  'The load tests need k6 1.0 or newer, which was not found: install the package of your platform ' +
  '(https://grafana.com/docs/k6/latest/set-up/install-k6/), name it in K6, or, where Go is there, run ' +
  `GOBIN="$PWD/.data/bin" go install go.k6.io/k6@latest.`;

/** What K6 names, what lies in `.data/bin`, or what is on the PATH, in this order. */
export function findK6(environment: NodeJS.ProcessEnv = process.env): K6 | undefined {
  // Whoever names one wants that one and no other.
  const candidates = environment.K6 ? [environment.K6] : [resolve(ownPlace), 'k6'];
  for (const command of candidates) {
    const version = versionOf(command, environment);
    if (version) return { command, version };
  }
  return undefined;
}

/** undefined: it is not there, or too old to read TypeScript. */
function versionOf(command: string, env: NodeJS.ProcessEnv): string | undefined {
  try {
    const text = execFileSync(command, ['version'], {
      env,
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 20_000,
    });
    const [, version, major] = /\bv((\d+)\.\d+\.\d+\S*)/.exec(text) ?? [];
    return Number(major) >= 1 ? version : undefined;
  } catch {
    return undefined;
  }
}
