import { anyone, defineMessage } from '../../src/channel.ts';
import { donePage } from '../../src/mail/unsubscribe-page.ts';

export default defineMessage('mail:unsubscribe', {
  access: anyone,
  async handle({ engine, request, fail }) {
    const read = await engine.mailLinks.read(request.link);
    const isDone = read && (await engine.mailLinks.switchOff(read.userId, read.kind));
    return isDone ? donePage(read.kind) : fail('link-invalid');
  },
});
