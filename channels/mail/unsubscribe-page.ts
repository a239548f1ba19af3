import { anyone, defineMessage } from '../../src/channel.ts';
import { unsubscribePath } from '../../src/mail/mail-links.ts';
import { askPage } from '../../src/mail/unsubscribe-page.ts';

export default defineMessage('mail:unsubscribe-page', {
  access: anyone,
  async handle({ engine, request, fail }) {
    const link = await engine.mailLinks.read(request.token);
    return link ? askPage(link.kind, unsubscribePath, request.token) : fail('link-invalid');
  },
});
