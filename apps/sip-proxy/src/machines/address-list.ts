/** Addresses and networks as operators write them, such as `10.1.0.0/16`. */
import { BlockList, isIP } from 'node:net';
import { addNetwork } from '#config';

export class AddressList {
  readonly #networks = new BlockList();

  /**
   * @param written addresses, or networks with their length
   * @throws Error that names the option and the entry that is none
   */
  constructor(written: readonly string[], option: string) {
    for (const entry of written) {
      const bits = addNetwork(this.#networks, entry);
      if (bits === undefined) throw new Error(`${option}: '${entry}' must be an address or a network, such as 192.0.2.7 or 10.1.0.0/16`);
    }
  }

  holds(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#networks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}
