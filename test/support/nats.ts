/** Suites that need a real nats-server. */
import { NATS_MINOR_MIN, type NatsServer } from '#servers';
import { suiteOrSkip } from './peers.js';
import { findNatsServer, startNats } from './server-files.js';

export { findNatsServer, startNats, type NatsServer };

/** A suite that needs a real server. `body` gets its path. */
export function natsSuite(name: string, body: (file: string) => void): void {
  const file = findNatsServer();
  suiteOrSkip(name, file === undefined ? `needs nats-server 2.${NATS_MINOR_MIN} or newer` : undefined, () => body(file as string));
}
