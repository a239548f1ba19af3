import type { Attachment } from '../../../src/contracts.gen.ts';
import type { Hub } from '../../../src/hub.ts';
import type { TestUser } from '../../support/hub.ts';
import { dot } from '../support.ts';

export interface Upload {
  name?: string;
  type?: string;
  content?: BodyInit;
  key?: string;
}

/** Uploads a file as a page would. */
export function upload(hub: Hub, eventId: string, user: TestUser, more: Upload = {}): Promise<Response> {
  const { name = 'dot.png', type = 'image/png', content = dot, key } = more;
  const path = `/api/v1/events/${eventId}/attachments?${new URLSearchParams({ name })}`;
  const headers: Record<string, string> = { authorization: `Bearer ${user.token}`, 'content-type': type };
  if (key) headers['idempotency-key'] = key;
  return fetch(hub.url + path, { method: 'POST', headers, body: content });
}

export async function uploaded(
  hub: Hub,
  eventId: string,
  user: TestUser,
  more: Upload = {},
): Promise<Attachment> {
  const response = await upload(hub, eventId, user, more);
  const body = (await response.json()) as { attachment: Attachment };
  if (response.status !== 201) throw new Error(JSON.stringify(body));
  return body.attachment;
}
