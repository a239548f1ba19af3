import { anyone, defineMessage } from '../../src/channel.ts';
import { donePage } from '../../src/mail/unsubscribe-page.ts';

export default defineMessage('mail:unsubscribe', {
  access: anyone,
  async handle({ engine, request, fail }) {
    const { token, all = false } = request;
    const link = await engine.mailLinks.read(token);
    const isDone = link && (await engine.mailLinks.switchOff(link.userId, all ? null : link.kind));
    return isDone ? donePage(link.kind, all) : fail('link-invalid');
  },
});
