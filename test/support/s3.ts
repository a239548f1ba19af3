/** A store that speaks as much S3 as the hub does: it checks the signature of every request (AWS Signature Version 4). */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { atEnd } from './at-end.ts';

export interface S3StandIn {
  readonly url: string;
  readonly objects: Map<string, { content: Buffer; type: string }>;
  /** Answered instead of everything else, until it is undefined again. */
  failWith: number | undefined;
  refused: number;
}

export const s3Keys = { region: 'test-1', keyId: 'test-key', secret: 'test-secret' };

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

function isSigned(request: IncomingMessage): boolean {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([\w;-]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? '',
    );
  if (!found) return false;
  const [, keyId, day = '', region = '', names = '', signature] = found;
  const headers = names.split(';').map((name) => `${name}:${request.headers[name]}`);
  const payload = String(request.headers['x-amz-content-sha256']);
  const canonical = [request.method, request.url, '', ...headers, '', names, payload].join('\n');
  const time = String(request.headers['x-amz-date']);
  const digest = createHash('sha256').update(canonical).digest('hex');
  const toSign = ['AWS4-HMAC-SHA256', time, `${day}/${region}/s3/aws4_request`, digest].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(hmac, `AWS4${s3Keys.secret}`);
  const isNow = time.startsWith(day) && names.split(';').includes('host');
  return (
    isNow &&
    keyId === s3Keys.keyId &&
    region === s3Keys.region &&
    hmac(key, toSign).toString('hex') === signature
  );
}

export async function startS3(): Promise<S3StandIn> {
  const objects: S3StandIn['objects'] = new Map();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const answer = (status: number, body?: Buffer) => response.writeHead(status).end(body);
      if (standIn.failWith !== undefined) return answer(standIn.failWith);
      if (!isSigned(request)) {
        standIn.refused++;
        return answer(403);
      }
      const key = request.url ?? '';
      const found = objects.get(key);
      if (request.method === 'PUT') {
        objects.set(key, { content: Buffer.concat(chunks), type: String(request.headers['content-type']) });
        return answer(200);
      }
      if (request.method === 'DELETE') {
        objects.delete(key);
        return answer(204);
      }
      return found ? answer(200, found.content) : answer(404);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/bucket`;
  const standIn: S3StandIn = { url, objects, failWith: undefined, refused: 0 };
  atEnd(() => new Promise((resolve) => server.close(resolve)));
  return standIn;
}
