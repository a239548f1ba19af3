import { setTimeout as sleep } from 'node:timers/promises';

/** Looks every 20 ms. @returns whether it became true in time */
export async function became(isTrue: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs;
  while (!(await isTrue())) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}

/** The same, but it must. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 30_000,
): Promise<void> {
  if (!(await became(isTrue, withinMs))) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
}

export const pause = (ms: number): Promise<void> => sleep(ms);
