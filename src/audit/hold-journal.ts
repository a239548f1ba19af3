/**
 * What the scripts did to holds, as rows of the audit log: read off their answers, so that no script and no
 * handler writes anything twice. A repeat that got its first answer changed nothing, and is no row.
 */
import type { Answer, Effects, RawHold } from '../redis/scripts/script.ts';
import type { Journal } from '../seats/inventory.ts';
import type { Actor, AuditLog } from './audit-log.ts';
import { nobody } from './audit-log.ts';

/** The answers after which a hold is another than before, by script. */
const steps: Readonly<Record<string, { status: string; action: string }>> = {
  'hold-seats': { status: 'held', action: 'seats-held' },
  'extend-hold': { status: 'extended', action: 'hold-extended' },
  'release-seats': { status: 'released', action: 'seats-released' },
  'begin-payment': { status: 'paying', action: 'hold-paying' },
};

export class HoldJournal implements Journal {
  readonly #audit: AuditLog;

  constructor(audit: AuditLog) {
    this.#audit = audit;
  }

  ran(
    script: string,
    eventId: string,
    args: unknown,
    answer: Answer<Record<string, () => object>>,
    effects: Effects,
    by: Actor | undefined,
  ): void {
    const { at, position } = effects;
    for (const { holdId, owner, seats } of effects.lapsed) {
      const details = { holdId, position, userId: owner, freed: seats };
      this.#audit.note({ at, action: 'hold-expired', eventId, by: nobody, seats: [], details });
    }
    if (effects.isRepeat) return;
    if (script === 'abort-confirm') {
      const { holdId } = args as { holdId: string };
      const details = { holdId, position };
      this.#audit.note({ at, action: 'hold-refused', eventId, by: nobody, seats: [], details });
      return;
    }
    const step = steps[script];
    if (step?.status !== answer.status) return;
    const { holdId, expiresAt: until, seats } = answer as unknown as RawHold;
    const { owner, seats: asked } = args as { owner: string; seats?: readonly number[] };
    // Seats held before, and those that were added or given back.
    const details = { holdId, position, until, userId: owner, ...(asked?.length ? { asked } : {}) };
    this.#audit.note({ at, action: step.action, eventId, by: by ?? nobody, seats, details });
  }
}
