/** Answers one question from the zones (RFC 1034 §4.3.2, without delegation, wildcards and aliases: a cluster has none). */
import type { Answer, Question } from 'dns-packet';
import { canonicalName, type Zone, zoneOf } from './zone.js';

/** RFC 1035 §4.1.1, RFC 6891 §9. */
export const RCODE = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
export type Rcode = (typeof RCODE)[keyof typeof RCODE];

export interface LookUp {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
  readonly additionals: readonly Answer[];
}

/** Whole zones are not handed out: RFC 5936 §5 leaves that to policy. */
const REFUSED_TYPES = new Set(['AXFR', 'IXFR']);

export function lookUp(question: Question, zones: readonly Zone[]): LookUp {
  const name = canonicalName(question.name);
  const zone = zoneOf(name, zones);
  const isInternet = question.class === 'IN' || question.class === 'ANY';
  if (zone === undefined || !isInternet || REFUSED_TYPES.has(question.type)) return refusal(RCODE.REFUSED);
  const records = zone.names.get(name);
  if (records === undefined) return nothing(RCODE.NXDOMAIN, zone);
  const answers = ofType(records, question);
  if (answers.length === 0) return nothing(RCODE.NOERROR, zone);
  // The name as it was asked, letter by letter: resolvers that mix cases compare it.
  const echoed = answers.map((answer) => ({ ...answer, name: question.name }));
  return {
    rcode: RCODE.NOERROR, authoritative: true, answers: echoed, authorities: [], additionals: glue(answers, zones),
  };
}

export function refusal(rcode: Rcode): LookUp {
  return { rcode, authoritative: false, answers: [], authorities: [], additionals: [] };
}

/** RFC 8482 §4.2: ANY earns one small record, so that nobody uses it to make large answers. */
function ofType(records: readonly Answer[], { type, name }: Question): readonly Answer[] {
  if ((type as string) === 'ANY') return [{ name, type: 'HINFO', ttl: 3600, data: { cpu: 'RFC8482', os: '' } }];
  return records.filter((record) => record.type === type);
}

/** RFC 2308 §3: the SOA goes with it, and its TTL says how long "nothing" holds. */
function nothing(rcode: Rcode, zone: Zone): LookUp {
  const soa = { ...zone.soa, ttl: zone.soa.data.minimum };
  return { rcode, authoritative: true, answers: [], authorities: [soa], additionals: [] };
}

/** Addresses of the hosts that the answers name, which saves the asker a second question (RFC 2782). */
function glue(answers: readonly Answer[], zones: readonly Zone[]): Answer[] {
  const found: Answer[] = [];
  const seen = new Set<string>();
  for (const answer of answers) {
    const target = targetOf(answer);
    if (target === undefined || seen.has(target)) continue;
    seen.add(target);
    const records = zoneOf(target, zones)?.names.get(target) ?? [];
    found.push(...records.filter((record) => record.type === 'A' || record.type === 'AAAA'));
  }
  return found;
}

function targetOf(answer: Answer): string | undefined {
  if (answer.type === 'SRV') return answer.data.target;
  return answer.type === 'NS' ? answer.data : undefined;
}
