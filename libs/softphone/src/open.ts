/** Phones on sockets: the composition root for demo, tests and benches. */
import { silentLog, SystemClock, SystemEntropy } from '#kernel';
import { type ListeningAddress, SipResolver, type Target } from '#sip';
import { NameserverLookup, SocketTransport } from '#sip/transport';
import { CountingMeter } from '#kernel';
import type { Route } from './sender.js';
import { Softphones } from './softphones.js';

export interface OpenOptions {
  /** Port 0 takes a free one. */
  readonly listen: readonly ListeningAddress[];
  /** Where names are looked up; or one server that everything goes to, as with a phone's "outbound proxy". */
  readonly nameserver?: { readonly host: string; readonly port: number };
  readonly outboundProxy?: Target;
}

export async function openSoftphones({ listen, nameserver, outboundProxy }: OpenOptions): Promise<Softphones> {
  const ports = { clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const transport = await SocketTransport.listen({ listen }, ports);
  const dns = new NameserverLookup({ servers: nameserver === undefined ? [] : [nameserver] }, ports);
  const resolver = new SipResolver({ ...ports, dns });
  const route: Route = outboundProxy === undefined
    ? (uri, done) => resolver.resolve(uri, (targets) => done(targets))
    : (_, done) => done([outboundProxy]);
  return new Softphones({ ...ports, transport, route });
}
