import { anyone, defineMessage } from '../../src/channel.ts';
import { donePage } from '../../src/mail/unsubscribe-page.ts';

export default defineMessage('mail:unsubscribe', {
  access: anyone,
  async handle({ engine, request, fail }) {
    const { link, all = false } = request;
    const read = await engine.mailLinks.read(link);
    const isDone = read && (await engine.mailLinks.switchOff(read.userId, all ? null : read.kind));
    return isDone ? donePage(read.kind, all) : fail('link-invalid');
  },
});
