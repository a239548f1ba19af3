/** Where the content of attachments is kept, each under its id: on a disk, or in a bucket. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { S3mini } from 's3mini';
import { fetch as fetchByUndici } from 'undici';

export interface FileStore {
  put(id: string, content: Uint8Array<ArrayBuffer>, type: string): Promise<void>;
  /** undefined: there is none. */
  get(id: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Does no harm where there is none. */
  remove(id: string): Promise<void>;
}

export interface S3Access {
  /** With the bucket: https://s3.example.org/bucket. */
  url: string;
  region: string;
  keyId: string;
  secret: string;
}

export const openFileStore = (config: { attachments: S3Access | undefined; dataDir: string }): FileStore =>
  config.attachments ? s3Store(config.attachments) : diskStore(join(config.dataDir, 'attachments'));

/** A name that came from anybody never gets here. */
const isId = /^[0-9a-f-]{36}$/;

function checked(id: string): string {
  if (!isId.test(id)) throw new RangeError('not the id of an attachment');
  return id;
}

/** Nodes that share the attachments must share the folder. */
export function diskStore(folder: string): FileStore {
  const fileOf = (id: string) => join(folder, checked(id));
  return {
    async put(id, content) {
      const file = fileOf(id);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const half = `${file}.new-${randomBytes(4).toString('hex')}`;
      try {
        await writeFile(half, content, { mode: 0o600, flag: 'wx', flush: true });
        await rename(half, file);
      } catch (error) {
        await rm(half, { force: true });
        throw error;
      }
    },
    async get(id) {
      try {
        return new Uint8Array(await readFile(fileOf(id)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    remove: (id) => rm(fileOf(id), { force: true }),
  };
}

const s3TimeoutMs = 8000;

/** Any store that speaks S3. */
export function s3Store({ url, region, keyId, secret }: S3Access): FileStore {
  const bucket = new S3mini({
    endpoint: url,
    region,
    accessKeyId: keyId,
    secretAccessKey: secret,
    requestAbortTimeout: s3TimeoutMs,
    // A signature is for this host, and what it keeps is not elsewhere. By the package itself: once it is imported
    // anywhere (src/provider), Node's own fetch goes through it in a compatible mode, in which uploads hang after an error.
    fetch: ((input: string, init: object) => fetchByUndici(input, { ...init, redirect: 'error' })) as never,
  });
  const keyOf = (id: string) => `attachments/${checked(id)}`;
  return {
    async put(id, content, type) {
      await bucket.putObject(keyOf(id), content, type);
    },
    async get(id) {
      const content = await bucket.getObjectArrayBuffer(keyOf(id));
      return content === null ? undefined : new Uint8Array(content);
    },
    async remove(id) {
      await bucket.deleteObject(keyOf(id));
    },
  };
}
