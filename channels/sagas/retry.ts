import { admins, defineMessage } from '../../src/channel.ts';
import { findSaga, retry } from '../../src/payments/saga-desk.ts';

export default defineMessage('sagas:retry', {
  access: admins,
  async handle({ engine, session, request, requestId }) {
    const { holdId } = request;
    await retry(engine.db, holdId, { userId: session.userId, sessionId: session.id, requestId });
    engine.sagas.kick();
    return { saga: await findSaga(engine.db, holdId) };
  },
});
