/** A request that leaves without a transaction carries a Via all the same. */
import type { Flow, Target, TransactionLayer } from '#sip';
import type { AccessName } from '../machines/access-names.js';

export function withTopVia(bytes: string, layer: TransactionLayer, to: Target | Flow, { viaHost, viaPort }: AccessName): string {
  const via = layer.viaFor(to, { viaHost, ...(viaPort === undefined ? {} : { viaPort }) });
  const at = bytes.indexOf('\r\n') + 2;
  return `${bytes.slice(0, at)}Via: ${via}\r\n${bytes.slice(at)}`;
}
