/** What operators may ask of a proxy and tell it (PRX-30). Changes hold until the process ends or reloads; lasting ones belong into the configuration. */
import type { Clock } from '#kernel';
import type { LocationStore } from '#store';
import type { AdminCommands } from '#tier';
import type { Server } from '../machines/server-pool.js';
import type { ServerAddress } from '../settings.js';
import type { SipProxyCore } from '../sip-proxy-core.js';

type Args = Readonly<Record<string, unknown>>;

const LIST_MAX = 1_000;

/** `reread` answers the destinations of the configuration file as it is now, or throws what is wrong with it. */
export function adminCommands(core: SipProxyCore, location: LocationStore, clock: Clock, reread: () => readonly ServerAddress[]): AdminCommands {
  return {
    'destinations list': () => ({ destinations: core.pool.servers.map(describe) }),
    'destinations add': (args) => {
      const address = addressFrom(args);
      if (core.pool.byName(address.name) !== undefined) throw new Error(`there is a destination '${address.name}' already; remove it first`);
      core.addServer(address);
      return { added: address.name };
    },
    'destinations remove': (args) => {
      const name = textOf(args, 'name');
      if (!core.removeServer(name)) throw new Error(`there is no destination '${name}'; "destinations list" shows them`);
      return { removed: name };
    },
    'destinations reload': () => reload(core, reread()),
    'registrations list': ({ after, limit }) => {
      const page = location.all(Math.min(Number(limit ?? LIST_MAX) || LIST_MAX, LIST_MAX), typeof after === 'string' ? after : undefined);
      return { count: location.size, registrations: page.entries, ...(page.next === undefined ? {} : { next: page.next }) };
    },
    'registrations show': (args) => {
      const aor = textOf(args, 'aor');
      return { aor, bindings: location.list(aor) };
    },
    'registrations remove': (args) => {
      const aor = textOf(args, 'aor');
      const contact = args.contact === undefined ? undefined : textOf(args, 'contact');
      return { aor, removed: core.registrar.remove(aor, contact) };
    },
    'verdicts show': () => {
      if (core.limiter === undefined) throw new Error('this proxy counts no calls');
      return core.limiter.summary;
    },
    'bans list': () => ({ banned: core.guard.banned(clock.nowMs()).slice(0, LIST_MAX) }),
    'bans remove': (args) => {
      const address = textOf(args, 'address');
      if (!core.guard.pardon(address, clock.nowMs())) throw new Error(`'${address}' is not banned; "bans list" shows who is`);
      return { removed: address };
    },
  };
}

/** Destinations that stay as they were keep their health. */
function reload(core: SipProxyCore, wanted: readonly ServerAddress[]): object {
  const isWanted = (known: ServerAddress) => wanted.some((each) => sameAddress(each, known));
  const removed = core.pool.servers.map(({ configured }) => configured).filter((address) => !isWanted(address));
  for (const { name } of removed) core.removeServer(name);
  const added = wanted.filter(({ name }) => core.pool.byName(name) === undefined);
  for (const address of added) core.addServer(address);
  return { added: added.map(({ name }) => name), removed: removed.map(({ name }) => name), destinations: core.pool.servers.length };
}

function sameAddress(a: ServerAddress, b: ServerAddress): boolean {
  return a.name === b.name && a.host === b.host && a.port === b.port && a.serverId === b.serverId && a.dataCentre === b.dataCentre
    && JSON.stringify(a.halves) === JSON.stringify(b.halves);
}

function describe({ address: { halves: _, ...address }, present, isPair, check, heartbeat, isLocal, picked, takesNew }: Server): object {
  const { state, reason, doubted, latencyMs, lastStatus, lastAnswerMs } = check;
  return {
    ...address, ...(isPair ? { primary: present.process } : {}), isLocal, state, reason, doubted, takesNew, picked, lifeline: present.lifeline.state,
    heartbeat: heartbeat ?? null, latencyMs: latencyMs ?? null, lastStatus: lastStatus ?? null, lastAnswerMs: lastAnswerMs ?? null,
  };
}

function addressFrom(args: Args): ServerAddress {
  return {
    name: textOf(args, 'name'),
    host: textOf(args, 'host'),
    port: numberOf(args, 'port', 65_535),
    serverId: numberOf(args, 'server-id', 4_095),
    dataCentre: textOf(args, 'geo-location'),
  };
}

function textOf(args: Args, name: string): string {
  const value = args[name];
  if ((typeof value === 'string' && value !== '') || typeof value === 'number') return String(value);
  throw new Error(`give ${name}=...`);
}

function numberOf(args: Args, name: string, max: number): number {
  const value = Number(textOf(args, name));
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`${name} must be a number from 1 to ${max}`);
}
