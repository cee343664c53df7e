/** An address, or a network with its length, as operators write them: `192.0.2.7`, `10.1.0.0/16`. */
import { type BlockList, isIP } from 'node:net';

/** Adds it to the list and answers its length in bits; undefined, and nothing added, when it is neither. */
export function addNetwork(list: BlockList, written: string): number | undefined {
  const [, address = '', length] = /^([^/]+)(?:\/(\d+))?$/.exec(written) ?? [];
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const bits = length === undefined ? most : Number(length);
  if (family === 0 || bits > most) return undefined;
  list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
  return bits;
}
