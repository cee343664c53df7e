/** A /24 of the loopback network for one cluster under test: every tier keeps its default port, and runs do not collide. */
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

const TRIES = 50;

/** A prefix such as `127.83.201`, on whose address .11 nobody listens at the SIP port. */
export async function loopbackBlock(): Promise<string> {
  for (let tried = 0; tried < TRIES; tried += 1) {
    const block = `127.${randomInt(64, 250)}.${randomInt(1, 250)}`;
    if (await isFree(`${block}.11`, 5060)) return block;
  }
  throw new Error('no free block of loopback addresses');
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
