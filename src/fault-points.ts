/**
 * Named places at which a test ends or stops this process, because what happens between two steps of a
 * confirm is what matters and nobody outside can hit it. Nothing is armed unless SEATCAST_FAULTS is set,
 * and never in production.
 *
 * SEATCAST_FAULTS is `point=act` or `point=act:n`, comma separated: `kill` is kill -9, `stop` is SIGSTOP
 * (someone else must continue it), at the n-th time the point is passed, the first by default. `none` arms
 * nothing, but lets `armFaultPoints` do so later.
 */
export type FaultPoint =
  | 'book.held'
  | 'confirm.begun'
  | 'confirm.committed'
  | 'confirm.answered'
  | 'outbox.sent'
  | 'saga.before-call'
  | 'saga.after-call'
  | 'cancel.committed'
  | 'delivery.sent'
  | 'stream.recorded'
  | 'stream.appended'
  | 'alerts.claimed';

const signals = { kill: 'SIGKILL', stop: 'SIGSTOP' } as const;

interface Armed {
  signal: (typeof signals)[keyof typeof signals];
  /** How often the point is still passed unharmed. */
  passes: number;
}

const armed = new Map<string, Armed>();
const allowed = process.env.NODE_ENV !== 'production' && Boolean(process.env.SEATCAST_FAULTS);
if (allowed) armFaultPoints(process.env.SEATCAST_FAULTS ?? '');

/** Arms points as SEATCAST_FAULTS does, while the process runs. Throws where that is not allowed, or unclear. */
export function armFaultPoints(text: string): void {
  if (!allowed)
    throw new Error('Fault points cannot be armed: SEATCAST_FAULTS is not set, or this is production.');
  for (const part of text.split(',')) {
    if (part === '' || part === 'none') continue;
    const [, point, act, count = '1'] = /^([a-z.-]+)=(kill|stop)(?::([1-9]\d*))?$/.exec(part) ?? [];
    if (!point)
      throw new Error(`SEATCAST_FAULTS: "${part}" is not point=kill or point=stop, with :count or without`);
    armed.set(point, { signal: signals[act as keyof typeof signals], passes: Number(count) - 1 });
  }
}

/** Passed in the middle of what must survive being cut short here. Does nothing unless it was armed. */
export function faultPoint(point: FaultPoint): void {
  if (armed.size === 0) return;
  const here = armed.get(point);
  if (!here || here.passes-- > 0) return;
  armed.delete(point);
  process.kill(process.pid, here.signal);
  // Signals take a moment to reach a process with several threads; nothing more may be sent meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
}
