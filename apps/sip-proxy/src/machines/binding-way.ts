/** How a registered phone is reached (docs/specs/sip-proxy.md, "Bindings"). */
import { isIP } from 'node:net';
import { parseNameAddr, parseUri, type SipUri, type TransportName } from '#sip';
import type { LocationBinding } from '#store';

export type BindingWay =
  /** The connection that the phone registered over, or the address that its NAT shows; both belong to the proxy that holds them. */
  | { readonly kind: 'flow'; readonly transport: TransportName; readonly host: string; readonly port: number; readonly holder: string }
  /** Any proxy can resolve and reach it. */
  | { readonly kind: 'uri'; readonly uri: SipUri };

/** What the flow's key says; nothing when it is none. */
export function parseFlowKey(key: string): { transport: TransportName; host: string; port: number } | undefined {
  const first = key.indexOf(':');
  const last = key.lastIndexOf(':');
  const transport = key.slice(0, first);
  const port = Number(key.slice(last + 1));
  if (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls') return undefined;
  return last > first && Number.isInteger(port) ? { transport, host: key.slice(first + 1, last), port } : undefined;
}

export function wayTo(binding: LocationBinding): BindingWay | undefined {
  const topPath = binding.path[0];
  if (topPath !== undefined) {
    const route = parseNameAddr(topPath);
    return route.ok ? { kind: 'uri', uri: route.value.uri } : undefined;
  }
  const contact = parseUri(binding.contact);
  const flow = parseFlowKey(binding.flow);
  if (!contact.ok || flow === undefined) return undefined;
  const needsFlow = flow.transport === 'udp' ? isBehindNat(contact.value, flow.host) : true;
  return needsFlow ? { kind: 'flow', ...flow, holder: binding.node } : { kind: 'uri', uri: contact.value };
}

/** The way to take when the connection is gone: the Contact itself, unless it is an address behind a NAT or the phone forbids it. */
export function wayWithoutFlow(binding: LocationBinding): BindingWay | undefined {
  const contact = parseUri(binding.contact);
  const flow = parseFlowKey(binding.flow);
  if (!contact.ok || flow === undefined || flow.transport === 'udp') return undefined;
  // RFC 5626 §5.3: with reg-id only the flow counts.
  if (binding.regId !== undefined || isBehindNat(contact.value, flow.host)) return undefined;
  return { kind: 'uri', uri: contact.value };
}

/** A Contact with another address than the one the registration came from, or with a name that only its own network knows. */
function isBehindNat({ host }: SipUri, seenHost: string): boolean {
  return isIP(host) === 0 || host !== seenHost;
}
