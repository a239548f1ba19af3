const rounds = 20;

/**
 * Does what takes few rows at a time, so that nothing is locked for long, until nothing is left, or for long enough.
 * @param bite a statement; it answers how many rows it took, fewer than `atMost` when there are no more
 */
export async function inBites(
  atMost: number,
  bite: () => Promise<number>,
  isStopped: () => boolean = () => false,
): Promise<void> {
  for (let round = 0; round < rounds && !isStopped(); round++) if ((await bite()) < atMost) return;
}
