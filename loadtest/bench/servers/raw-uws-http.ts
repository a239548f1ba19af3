/**
 * uWebSockets.js and nothing else, over HTTP: what its parent gives it by path, as it is. The least an answer of that
 * length can cost.
 */
import { App, us_socket_local_port } from 'uWebSockets.js';

/** By path; null: that nothing has changed. */
export type Bodies = Record<string, string | null>;

process.once('message', (bodies: Bodies) => {
  const app = App();
  for (const [path, body] of Object.entries(bodies)) {
    app.get(path, (res) => {
      if (body === null) res.writeStatus('304 Not Modified').endWithoutBody();
      else res.writeHeader('content-type', 'application/json').end(body);
    });
  }
  app.listen('127.0.0.1', 0, (socket) => {
    if (!socket) throw new Error('cannot listen');
    process.send?.(us_socket_local_port(socket));
  });
});
process.on('disconnect', () => process.exit());
