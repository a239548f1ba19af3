/** For `--import` into a node of the hub: collects garbage when the parent says so, and answers what is left. */
import { collect } from '../servers/collect.ts';

process.on('message', async (message: object) => {
  if ('collect' in message) process.send?.(await collect());
});
