/** The files of real servers, for suites and benches: found on the machine, or fetched once into `.cache/`. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findNats, type NatsServer, startNats as start } from '#servers';

/** From the working directory, since this file also runs from dist/. */
const FETCH = join(process.cwd(), 'scripts/fetch-servers.mjs');

/** What `find` finds, if need be after a fetch; undefined when it is not to be had. */
export function findOrFetch<T>(name: 'nats' | 'redis' | 'cassandra', find: () => T | undefined): T | undefined {
  const found = find();
  if (found !== undefined) return found;
  try {
    execFileSync(process.execPath, [FETCH, name], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    return undefined;
  }
  return find();
}

/** The path of a server that is new enough, or undefined when there is none and none can be had. */
export const findNatsServer = (): string | undefined => findOrFetch('nats', findNats);

/** Starts a server with JetStream on a free port of the loopback interface. */
export const startNats = (file: string, limits: { readonly maxFileBytes?: number } = {}): Promise<NatsServer> => start({ file, ...limits });
