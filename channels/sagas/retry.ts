import { admins, defineMessage } from '../../src/channel.ts';
import { findSaga, retry } from '../../src/payments/saga-desk.ts';

export default defineMessage('sagas:retry', {
  access: admins,
  async handle({ engine, request, by }) {
    const { holdId } = request;
    await retry(engine.db, holdId, by);
    engine.sagas.kick();
    return { saga: await findSaga(engine.db, holdId) };
  },
});
