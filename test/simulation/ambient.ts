/**
 * What code may take from the air: the date, random numbers, random bytes. For the time of a run they come from
 * the simulation, so that ids are the same every time. A timer that was not asked of a `Clock` would wait for
 * real time: that is an error.
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Kernel } from './kernel.ts';

/** Does `work` with the kernel's time and randomness everywhere. */
export function inSimulatedAir<T>(kernel: Kernel, work: () => T): T {
  const random = kernel.random('air');
  const real = {
    now: Date.now,
    random: Math.random,
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    randomBytes: crypto.randomBytes,
    randomUUID: crypto.randomUUID,
    stackTraceLimit: Error.stackTraceLimit,
  };
  const noTimer = () => {
    throw new Error('In a simulation timers are asked of a Clock');
  };
  const bytes = (count: number) => Buffer.from(random.bytes(count));
  // Refusals are thrown by the thousand, and nobody reads where.
  Error.stackTraceLimit = 2;
  Date.now = () => Math.floor(kernel.now);
  Math.random = () => random.unit();
  Object.assign(globalThis, { setTimeout: noTimer, setInterval: noTimer });
  Object.assign(crypto, { randomBytes: bytes, randomUUID: () => bytes(16).toString('hex') });
  syncBuiltinESMExports();
  try {
    return work();
  } finally {
    Error.stackTraceLimit = real.stackTraceLimit;
    Date.now = real.now;
    Math.random = real.random;
    Object.assign(globalThis, { setTimeout: real.setTimeout, setInterval: real.setInterval });
    Object.assign(crypto, { randomBytes: real.randomBytes, randomUUID: real.randomUUID });
    syncBuiltinESMExports();
  }
}
