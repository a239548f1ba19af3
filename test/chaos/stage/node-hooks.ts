/**
 * Loaded into a node before its own code (--import): lets the harness arm fault points and keep its event
 * loop busy. Messages: `{ arm: 'point=kill' }`, `{ busyMs: 5000 }`.
 */
import { armFaultPoints } from '../../../src/fault-points.ts';

// Whoever started it is gone, and nobody would end it.
process.on('disconnect', () => process.exit());
process.on('message', (message: { arm?: string; busyMs?: number }) => {
  if (message.arm) armFaultPoints(message.arm);
  if (message.busyMs) {
    const end = performance.now() + message.busyMs;
    while (performance.now() < end);
  }
});
