// Another web site: pages from an origin that is not the video's.
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Serves one page at `/` of a port of its own, and gives its address. */
export async function site(t, html, headers = {}) {
  const server = createServer(({ url }, answer) => {
    const found = url === '/';
    answer.writeHead(found ? 200 : 204, { 'content-type': 'text/html', ...headers });
    answer.end(found ? html : undefined);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}/`;
}
