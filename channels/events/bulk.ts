import { hash } from 'node:crypto';
import { defineMessage, organizers } from '../../src/channel.ts';
import type { Event } from '../../src/contracts.gen.ts';
import { loadContracts } from '../../src/contracts.ts';
import { errors, RequestError } from '../../src/errors.ts';

const messages = { create: 'events:create', update: 'events:update', delete: 'events:delete' } as const;

export default defineMessage('events:bulk', {
  access: organizers,
  async handle({ request, requestId, ask }) {
    const results = [];
    // One after the other: a later one may be about what an earlier one has changed.
    for (const [index, { action, request: asked }] of request.items.entries()) {
      const message = messages[action];
      const { http } = loadContracts().asks.get(message) ?? {};
      try {
        const event = (await ask(message, asked, requestId ? keyOf(requestId, index) : undefined)) as Event;
        results.push({ status: http?.status ?? 200, event });
      } catch (error) {
        const refused = error instanceof RequestError ? error : new RequestError('internal');
        results.push({ status: errors[refused.code].status, error: refused.toWire() });
      }
    }
    return { results };
  },
});

/** A request id for each: if the whole is asked again because a node died, what was done is not done twice. */
const keyOf = (requestId: string, index: number): string =>
  hash('sha256', `${requestId} ${index}`, 'base64url').slice(0, 43);
