/** A DNS message as the answer to one question of the resolver. */
import type { Answer, Packet, StringAnswer } from 'dns-packet';
import type { AnyOutcome, DnsQuestion, DnsType } from '../../resolver/dns.js';

/** `alias`: the server knows only that the name is another one (CNAME); ask for that. */
export type Interpreted = AnyOutcome | { readonly kind: 'alias'; readonly name: string };

export const RECORD_TYPE = { naptr: 'NAPTR', srv: 'SRV', a: 'A', aaaa: 'AAAA' } as const satisfies Record<DnsType, string>;

const NO_ERROR = 0;
const NAME_ERROR = 3;
const RCODE_MASK = 0xf;
/** When a negative answer bears no SOA that says how long it holds (RFC 2308 §5). */
const NEGATIVE_TTL_S = 5;

export function interpret(question: DnsQuestion, packet: Packet): Interpreted {
  const rcode = (packet.flags ?? 0) & RCODE_MASK;
  if (rcode !== NO_ERROR && rcode !== NAME_ERROR) return { kind: 'failed', reason: `the nameserver answered with rcode ${rcode}` };
  const answers = packet.answers ?? [];
  const found = answers.filter((answer) => answer.type === RECORD_TYPE[question.type]);
  if (found.length > 0) {
    // Aliases on the way count too: the answer holds no longer than any part of it.
    const ttlS = Math.min(...answers.map((answer) => ttlOf(answer)));
    return { kind: 'found', ttlS, records: found.map(toRecord) } as AnyOutcome;
  }
  const alias = answers.findLast((answer): answer is StringAnswer => answer.type === 'CNAME');
  if (alias !== undefined && rcode === NO_ERROR) return { kind: 'alias', name: alias.data };
  return { kind: 'none', ttlS: negativeTtlS(packet) };
}

function toRecord(answer: Answer): unknown {
  switch (answer.type) {
    case 'NAPTR': {
      const { order, preference, flags, services, replacement } = answer.data;
      return { order, preference, flags, service: services, replacement };
    }
    case 'SRV': {
      const { priority = 0, weight = 0, port, target } = answer.data;
      return { priority, weight, port, target };
    }
    default:
      return (answer as { data: string }).data;
  }
}

/** RFC 2308 §5: the smaller of the SOA's TTL and its minimum. */
function negativeTtlS(packet: Packet): number {
  const soa = (packet.authorities ?? []).find((answer) => answer.type === 'SOA');
  if (soa === undefined || soa.type !== 'SOA') return NEGATIVE_TTL_S;
  return Math.min(ttlOf(soa), soa.data.minimum ?? NEGATIVE_TTL_S);
}

function ttlOf(answer: Answer): number {
  return 'ttl' in answer ? answer.ttl ?? 0 : 0;
}
