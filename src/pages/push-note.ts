/** What this browser has to remember of its subscription to web push: whose it is, and what the hub was told. */
export interface PushNote {
  /** null: nobody's any more, and to be ended. */
  readonly userId: string | null;
  readonly endpoint: string;
  /** The hub's key it was made with. */
  readonly publicKey: string;
  /** When the hub last took it, ms; 0: it has not yet. */
  readonly toldAt: number;
}

const key = 'seatcast.push';

export function readPushNote(): PushNote | undefined {
  try {
    return (JSON.parse(localStorage.getItem(key) ?? 'null') as PushNote | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Throws where storage is switched off: a subscription that nobody remembers could not be ended with its session. */
export const keepPushNote = (note: PushNote): void => localStorage.setItem(key, JSON.stringify(note));

/** Also for whoever it was: should they come back before it has ended, it is not taken for theirs. */
export function disownPushNote(): void {
  const note = readPushNote();
  if (note) keepPushNote({ ...note, userId: null });
}

export function forgetPushNote(): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Then there was none.
  }
}
