/** A real nats-server for tests: found on the machine, or fetched once into `.cache/`. */
import { findNats, NATS_MINOR_MIN, type NatsServer, startNats as start } from '#servers';
import { suiteOrSkip } from './peers.js';
import { findOrFetch } from './servers.js';

export type { NatsServer };

/** The path of a server that is new enough, or undefined when there is none and none can be had. */
export const findNatsServer = (): string | undefined => findOrFetch('nats', findNats);

/** Starts a server with JetStream on a free port of the loopback interface. */
export const startNats = (file: string, limits: { readonly maxFileBytes?: number } = {}): Promise<NatsServer> => start({ file, ...limits });

/** A suite that needs a real server. `body` gets its path. */
export function natsSuite(name: string, body: (file: string) => void): void {
  const file = findNatsServer();
  suiteOrSkip(name, file === undefined ? `needs nats-server 2.${NATS_MINOR_MIN} or newer` : undefined, () => body(file as string));
}
