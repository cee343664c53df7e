/** Views: which data centre an asker is in, by the network it asks from (DNS-01, DNS-16). */
import { BlockList, isIPv6 } from 'node:net';
import { addNetwork } from '#config';

export interface View {
  readonly dataCentre: string;
  readonly bits: number;
  readonly network: BlockList;
}

/**
 * @param written such as `10.1.0.0/16=dc1`; an address alone is a network of one
 * @throws Error that says what is wrong with which entry
 */
export function readViews(written: readonly string[], dataCentres: readonly string[]): View[] {
  return written.map((entry) => readView(entry, dataCentres)).sort((a, b) => b.bits - a.bits);
}

function readView(entry: string, dataCentres: readonly string[]): View {
  const [, written = '', dataCentre = ''] = /^([^=]+)=(.+)$/.exec(entry) ?? [];
  const network = new BlockList();
  const bits = addNetwork(network, written);
  if (bits === undefined) throw new Error(`dns-views: '${entry}' must be a network and a data centre, such as 10.1.0.0/16=dc1`);
  if (!dataCentres.includes(dataCentre)) throw new Error(`dns-views: '${entry}' names no data centre; there are: ${dataCentres.join(', ')}`);
  return { dataCentre, bits, network };
}

/** The data centre of the smallest network that holds the address, else `other`. */
export function viewOf(views: readonly View[], address: string, other: string): string {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  return views.find(({ network }) => network.check(address, family))?.dataCentre ?? other;
}
