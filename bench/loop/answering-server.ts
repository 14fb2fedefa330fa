import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers at once, so that only the way to it is measured. Tells its parent the port; ends with it. */
const version = process.argv[2]!;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-ratchet-version': version });
    response.end('{"outputs":[{"name":"score","shape":[1],"datatype":"FP32","data":[0.5]}]}');
  });
});
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
