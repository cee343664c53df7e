/**
 * The least that a proxy in Node can cost: every datagram of one side is sent to the other side as it is, and the first
 * of a transaction (INVITE) gets a short one back, as a proxy's 100 Trying. Arguments: HOST PORT, and the far HOST PORT.
 */
import { createSocket } from 'node:dgram';

const [host, port, farHost, farPort] = process.argv.slice(2) as [string, string, string, string];
const far = { host: farHost, port: Number(farPort) };
const TRYING = Buffer.alloc(350, 0x20);
const INVITE = 'I'.charCodeAt(0);

const BUFFER_BYTES = 4 * 1024 * 1024;
const socket = createSocket({
  type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES, lookup: (name, _options, done) => done(null, name, 4),
});
let near = far;
socket.on('message', (bytes, from) => {
  if (from.port === far.port && from.address === far.host) return socket.send(bytes, near.port, near.host);
  if (from.port !== near.port || from.address !== near.host) near = { host: from.address, port: from.port };
  if (bytes[0] === INVITE) socket.send(TRYING, near.port, near.host);
  return socket.send(bytes, far.port, far.host);
});
socket.bind(Number(port), host, () => console.log('ready'));
process.on('SIGTERM', () => process.exit(0));
