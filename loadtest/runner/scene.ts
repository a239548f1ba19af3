/** One event on sale and accounts for its buyers, whose tokens outlive the longest run. */
import { buildHouse, type Ground } from '../shared/house.ts';

export interface Scene {
  eventId: string;
  /** One for each buyer. */
  tokens: string[];
}

export async function setScene(
  ground: Ground,
  { seats, buyers }: { seats: number; buyers: number },
): Promise<Scene> {
  const house = await buildHouse(ground, buyers);
  try {
    return { eventId: await house.addEvent(seats), tokens: await house.tokens(buyers) };
  } finally {
    await house.close();
  }
}
