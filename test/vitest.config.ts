import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/services.ts',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Machines that others work on as well: what fails once and then passes is shown as a retry, not hidden.
    retry: process.env.CI ? 1 : 0,
    // Tests wait more than they compute; where nobody waits for them they get the machine's two cores.
    maxWorkers: process.env.CI ? 2 : 4,
    // Files share what they import: loading it anew takes longer than the tests.
    isolate: false,
    // As `npm start` has them.
    execArgv: ['--disable-warning=ExperimentalWarning', '--experimental-async-context-frame'],
  },
});
