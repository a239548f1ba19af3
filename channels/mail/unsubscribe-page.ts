import { anyone, defineMessage } from '../../src/channel.ts';
import { unsubscribePath } from '../../src/mail/mail-links.ts';
import { askPage } from '../../src/mail/unsubscribe-page.ts';

export default defineMessage('mail:unsubscribe-page', {
  access: anyone,
  async handle({ engine, request, fail }) {
    const { link } = request;
    const read = await engine.mailLinks.read(link);
    return read ? askPage(read.kind, unsubscribePath, link) : fail('link-invalid');
  },
});
