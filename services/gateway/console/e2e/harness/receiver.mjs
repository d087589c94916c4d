/** Somebody whom Downbeat tells things: a server on a free port that remembers every request, and answers with `status`. */
import { createServer } from 'node:http';

export async function receiver() {
  const it = { taken: [], status: 200 };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      it.taken.push({ path: request.url, headers: request.headers, body });
      response.writeHead(it.status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  it.url = `http://127.0.0.1:${server.address().port}`;
  it.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    });
  return it;
}
