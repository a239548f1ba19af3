/**
 * A provider of events to try the sync with: it plays three answers of a real one, one after the other, and goes on with
 * the last. Only for development and tests.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.ts';

/** The answers, oldest first: an event vanishes, and comes back with other times and prices. */
export const demoFeeds: readonly string[] = [1, 2, 3].map((number) =>
  readFileSync(new URL(`./provider/feed-${number}.xml`, import.meta.url), 'utf8'),
);

export interface DemoProvider {
  readonly url: string;
  /** Where it is, for PROVIDER_ALLOWED_NETWORKS. */
  readonly network: string;
  stop(): Promise<void>;
}

export async function startDemoProvider(feeds = demoFeeds): Promise<DemoProvider> {
  let asked = 0;
  const server = createServer((_request, response) => {
    const feed = feeds[Math.min(asked++, feeds.length - 1)];
    response.writeHead(200, { 'content-type': 'application/xml; charset=utf-8' }).end(feed);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/events.xml`,
    network: '127.0.0.1/32',
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** In development a hub without a provider gets this one. */
export async function withDemoProvider(
  config: Config,
): Promise<{ config: Config; stopDemo: () => Promise<void> }> {
  if (config.mode !== 'development' || config.provider.url !== undefined) {
    return { config, stopDemo: () => Promise.resolve() };
  }
  const { url, network, stop } = await startDemoProvider();
  const allowedNetworks = [...config.provider.allowedNetworks, network];
  return { config: { ...config, provider: { ...config.provider, url, allowedNetworks } }, stopDemo: stop };
}
