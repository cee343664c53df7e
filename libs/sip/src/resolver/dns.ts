/** DNS as the resolver sees it. A driver asks real nameservers; tests and the simulator answer by themselves. */

export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  readonly flags: string;
  /** `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`. */
  readonly service: string;
  readonly replacement: string;
}

export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** `none`: the name or the type does not exist, which is an answer. `failed`: nobody answered, which says nothing. */
export type DnsOutcome<T> =
  | { readonly kind: 'found'; readonly records: readonly T[]; readonly ttlS: number }
  | { readonly kind: 'none'; readonly ttlS: number }
  | { readonly kind: 'failed'; readonly reason: string };

type DnsDone<T> = (outcome: DnsOutcome<T>) => void;

/** Each calls `done` exactly once, possibly at once. Addresses are literals. */
export interface DnsLookup {
  naptr(name: string, done: DnsDone<NaptrRecord>): void;
  srv(name: string, done: DnsDone<SrvRecord>): void;
  a(name: string, done: DnsDone<string>): void;
  aaaa(name: string, done: DnsDone<string>): void;
}

export interface DnsRecords {
  readonly naptr: NaptrRecord;
  readonly srv: SrvRecord;
  readonly a: string;
  readonly aaaa: string;
}

export type DnsType = keyof DnsRecords;

export interface DnsQuestion {
  readonly type: DnsType;
  readonly name: string;
}

export type AnyOutcome = { [T in DnsType]: DnsOutcome<DnsRecords[T]> }[DnsType];

export function questionKey({ type, name }: DnsQuestion): string {
  return `${type} ${name.toLowerCase()}`;
}
