/** Asks the hub over HTTP as whoever is signed in. */
import { type ApiOptions, api, Problem } from './api.ts';
import { isOver, type Session } from './session.ts';

/**
 * As `api`, with a token that counts: one that is over is renewed first, one that the hub refuses once. Whom it cannot be
 * renewed for the session signs out, and nobody else.
 * @throws Problem `signed-out`: whoever asked is not signed in any more, so there is nobody to be told
 */
export async function ownApi<Reply>(
  session: Session,
  path: string,
  options: Omit<ApiOptions, 'token'> = {},
): Promise<Reply> {
  const asks = session.current;
  const sameUser = () => {
    const { current } = session;
    // Another tab may have signed in somebody else: neither asks with the other's token, nor hears the answer.
    if (!current || current.user.id !== asks?.user.id)
      throw new Problem(401, { code: 'signed-out', message: 'You are not signed in any more.' });
    return current;
  };
  let used = asks?.token;
  const ask = () => {
    used = sameUser().token;
    return api<Reply>(path, { ...options, token: used });
  };
  try {
    if (asks && isOver(asks)) await session.renew();
    return await ask().catch(async (error: unknown) => {
      if (!(error instanceof Problem) || error.status !== 401) throw error;
      // What was asked beside this may have renewed it already.
      if (session.current?.token === used) await session.renew();
      return await ask();
    });
  } finally {
    sameUser();
  }
}
