import { anyone, Download, defineMessage, owns } from '../../src/channel.ts';

/** A browser takes it for what it was found to be, shows it, and runs nothing in it. */
const guarded = {
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
};
/** Its content never changes, but it may be removed: a day is long enough for a cache. */
const publicCache = 'public, max-age=86400';
const privateCache = 'private, no-cache';

export default defineMessage('attachments:read', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const found = await engine.attachments.find(request.attachmentId);
    const card = found && (await engine.events.card(found.eventId));
    if (!found || !card || !(card.isPublic || owns(session, card.organizerId))) {
      return fail('attachment-not-found');
    }
    const content = await engine.attachments.read(found);
    if (!content) return fail('attachment-not-found');
    const headers = { ...guarded, 'cache-control': card.isPublic ? publicCache : privateCache };
    return new Download(found.type, content, found.name, { etag: found.sha256.slice(0, 32), headers });
  },
});
