// Between a node's network and the machine's, which share nothing but the file system: `relay.mjs FOLDER ADDRESS PORT…`.
// A port of the machine's loopback is reached at the same port in here, through FOLDER/port-PORT.sock; and through
// FOLDER/egress.sock, an HTTP proxy, the API server reaches the kubelet.
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';

const [folder, address, ...ports] = process.argv.slice(2);

for (const port of ports)
  for (const host of ['127.0.0.1', address])
    createServer((socket) => join(socket, connect(`${folder}/port-${port}.sock`))).listen(Number(port), host);

createHttpServer()
  .on('connect', (request, socket, head) => {
    const [host, port] = request.url.split(':');
    const kubelet = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      if (head.length > 0) kubelet.write(head);
    });
    join(socket, kubelet);
  })
  .listen(`${folder}/egress.sock`);

function join(one, other) {
  one.pipe(other).pipe(one);
  one.on('error', () => other.destroy()).on('close', () => other.destroy());
  other.on('error', () => one.destroy()).on('close', () => one.destroy());
}
