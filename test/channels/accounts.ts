/** People who signed up as everybody does, with all that the hub answered them. */
import type { Role, SignedIn } from '../../src/contracts.gen.ts';
import type { TestHubs, TestUser } from '../support/hub.ts';
import { call, node } from './support.ts';

export const password = 'correct horse battery';

export interface Person extends TestUser {
  email: string;
  refreshToken: string;
  sessionId: string;
}

let last = 0;

export const personOf = ({ user, token, refreshToken }: SignedIn): Person => ({
  id: user.id,
  email: user.email,
  token,
  refreshToken,
  sessionId: claimsOf(token).sid as string,
});

/** What a token says, unverified. */
export const claimsOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

export async function signUp(hubs: TestHubs, role: Role = 'user', index = 0): Promise<Person> {
  const email = `person-${++last}-${Math.random().toString(36).slice(2)}@example.com`;
  const signedUp = await call(node(hubs, index), 'auth:register', {
    email,
    password,
    name: `Person ${last}`,
  });
  if (role === 'user') return personOf(signedUp);
  await hubs.sql('update users set role = $2 where id = $1', [signedUp.user.id, role]);
  return signIn(hubs, email, index);
}

export const signIn = async (hubs: TestHubs, email: string, index = 0): Promise<Person> =>
  personOf(await call(node(hubs, index), 'auth:login', { email, password }));
