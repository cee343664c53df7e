// Addresses of the loopback network that nobody uses.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

const TRIES = 50;

function listenOnce(port, host) {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const { port: taken } = server.address();
      server.close(() => resolve(taken));
    });
  });
}

export const freePort = (host) => listenOnce(0, host);

const isFree = (host, port) => listenOnce(port, host).then(() => true, () => false);

/** `count` addresses in one /24 on which all of `ports` are free. */
export async function freeAddresses(count, ports) {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const block = `127.${randomInt(64, 250)}.${randomInt(1, 250)}`;
    const hosts = Array.from({ length: count }, (_, index) => `${block}.${index + 11}`);
    const free = await Promise.all(hosts.flatMap((host) => ports.map((port) => isFree(host, port))));
    if (free.every(Boolean)) return hosts;
  }
  throw new Error('no free block of loopback addresses');
}
