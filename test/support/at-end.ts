import { afterAll, onTestFinished, TestRunner } from 'vitest';

/**
 * Stops what a test began when that test is over, and what a file began when the file is over: `afterAll` inside a
 * test is never called, and files share a process, so whatever is left goes on to their end.
 */
export function atEnd(stop: () => unknown): void {
  const once = async () => void (await stop());
  if (TestRunner.getCurrentTest()) onTestFinished(once, 60_000);
  else afterAll(once);
}
