import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { diskStore, type FileStore, s3Store } from '../../src/attachments/file-store.ts';
import { newId } from '../../src/ids.ts';
import { s3Keys, startS3 } from '../support/s3.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = join(await tempFolder(), 'attachments');
const s3 = await startS3();
const stores: [string, FileStore][] = [
  ['a disk', diskStore(folder)],
  ['a bucket', s3Store({ url: s3.url, ...s3Keys })],
];

describe.each(stores)('%s', (_, store) => {
  test('gives back what it was given, and nothing once that is removed', async () => {
    const [id, content] = [newId(), new Uint8Array([0, 1, 2, 255])];
    expect(await store.get(id)).toBeUndefined();
    await store.put(id, content, 'image/png');
    expect(await store.get(id)).toEqual(content);
    await store.remove(id);
    expect(await store.get(id)).toBeUndefined();
    await store.remove(id);
  });

  test('takes nothing but an id', async () => {
    for (const name of ['../../etc/passwd', '', '..', `${newId()}/x`, `${newId()}\0`]) {
      await expect((async () => store.get(name))()).rejects.toThrow('not the id');
      await expect((async () => store.put(name, new Uint8Array(1), 'image/png'))()).rejects.toThrow();
    }
  });
});

test('a disk has whole files only, each under its id', async () => {
  const id = newId();
  await diskStore(folder).put(id, new Uint8Array(1000), 'image/png');
  expect(await readdir(folder)).toEqual([id]);
});

test('a bucket keeps the type, and refuses who has not its secret', async () => {
  const id = newId();
  await s3Store({ url: s3.url, ...s3Keys }).put(id, new Uint8Array([1]), 'image/gif');
  expect(s3.objects.get(`/bucket/attachments/${id}`)).toEqual({
    content: Buffer.from([1]),
    type: 'image/gif',
  });
  expect(s3.refused).toBe(0);
  const stranger = s3Store({ url: s3.url, ...s3Keys, secret: 'another' });
  await expect(stranger.get(id)).rejects.toThrow('403');
  expect(s3.refused).toBe(1);
});
