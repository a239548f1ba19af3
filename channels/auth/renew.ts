import { anySession, defineMessage } from '../../src/channel.ts';

export default defineMessage('auth:renew', {
  access: anySession,
  async handle({ engine, session, request, viewer, fail }) {
    const renewed = await engine.sessions.read(request.token);
    const isSame =
      renewed?.id === session.id && renewed.userId === session.userId && renewed.role === session.role;
    if (!renewed || !isSame) return fail('token-refused');
    viewer?.renew(renewed);
    return { expiresAt: new Date(renewed.expiresAt).toISOString() };
  },
});
