/**
 * Real processes: everything is sold, many wait, seats are cancelled, and nodes and Redis die meanwhile. Small here;
 * WAITLIST_CROWD=full is 500 who wait for 300 cancellations. WAITLIST_SEED repeats what was chosen.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tellFinding } from '../chaos/checks/evidence.ts';
import { seeded } from '../chaos/random.ts';
import { setStage } from '../chaos/stage/stage.ts';
import { runWaitlistCrowd } from '../chaos/waitlist-crowd.ts';

const isFull = process.env.WAITLIST_CROWD === 'full';
const sizes = isFull
  ? {
      seats: 640,
      waiting: 500,
      cancellations: 300,
      cancellingMs: 45_000,
      offerMs: 3000,
      nodeKills: 3,
      redisKills: 1,
    }
  : {
      seats: 120,
      waiting: 60,
      cancellations: 40,
      cancellingMs: 6000,
      offerMs: 1500,
      nodeKills: 1,
      redisKills: 0,
    };

test('[WAIT-1] [WAIT-10] a crowd waits while seats come back and nodes die: each seat goes to whoever it was promised to', async () => {
  const seed = Number(process.env.WAITLIST_SEED || randomInt(1_000_000));
  console.log(`waitlist crowd: WAITLIST_SEED=${seed}`);
  const stage = await setStage(seeded(seed), 2);
  try {
    const { findings, history, counts, tookMs } = await runWaitlistCrowd(stage, { seed, ...sizes });
    console.log(`waitlist crowd: ${JSON.stringify(counts)} in ${(tookMs / 1000).toFixed(1)} s`);
    if (findings.length > 0) {
      const each = Map.groupBy(findings, ({ check }) => check);
      console.log(
        `waitlist crowd: ${[...each].map(([check, all]) => `${all.length} of ${check}`).join(', ')}`,
      );
      mkdirSync('.data/chaos', { recursive: true });
      const file = join('.data/chaos', `waitlist-crowd-${seed}-${process.pid}.jsonl`);
      history.save(file);
      console.log(`waitlist crowd: history in ${file}`);
    }
    expect(findings.slice(0, 20).map(tellFinding), `seed ${seed}`).toEqual([]);
    // A hub that offers nothing would pass all of it.
    expect(counts.joined).toBeGreaterThanOrEqual(sizes.waiting);
    expect(counts.cancelled).toBeGreaterThanOrEqual(sizes.cancellations * 0.9);
    expect(counts.booked).toBeGreaterThan(sizes.cancellations / 4);
    // Of few offers none may happen to be declined.
    expect(
      isFull ? Math.min(counts.declined, counts.expired) : counts.declined + counts.expired,
    ).toBeGreaterThan(0);
  } finally {
    await stage.stop();
  }
}, 600_000);
