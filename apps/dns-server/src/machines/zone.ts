/** A zone as it is served: every name with its records. Names are kept in lower case, without the last dot. */
import type { Answer, SoaAnswer } from 'dns-packet';

export interface Zone {
  readonly apex: string;
  readonly soa: SoaAnswer;
  /** By owner name. An empty list is a name that exists only because something is below it (RFC 8020). */
  readonly names: ReadonlyMap<string, readonly Answer[]>;
}

/** A name as zones spell it: without the last dot, in lower case (RFC 4343). */
export function canonicalName(name: string): string {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  return bare.toLowerCase();
}

/** Whether `name` is `apex` or stands below it. Both canonical. */
export function isWithin(name: string, apex: string): boolean {
  return name === apex || name.endsWith(`.${apex}`);
}

/** The zone with the longest apex that holds the name. */
export function zoneOf(name: string, zones: readonly Zone[]): Zone | undefined {
  let best: Zone | undefined;
  for (const zone of zones) {
    if (isWithin(name, zone.apex) && (best === undefined || zone.apex.length > best.apex.length)) best = zone;
  }
  return best;
}

/** Collects the records of one zone, and the empty names between them and the apex. */
export class ZoneBuilder {
  readonly #names = new Map<string, Answer[]>();

  constructor(readonly apex: string, readonly ttlS: number) {
    this.#names.set(apex, []);
  }

  add(...records: readonly Answer[]): void {
    for (const record of records) this.#at(record.name).push(record);
  }

  build(soa: SoaAnswer): Zone {
    this.add(soa);
    return { apex: this.apex, soa, names: this.#names };
  }

  #at(name: string): Answer[] {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const records: Answer[] = [];
    this.#names.set(name, records);
    const dot = name.indexOf('.');
    if (dot > 0 && isWithin(name.slice(dot + 1), this.apex)) this.#at(name.slice(dot + 1));
    return records;
  }
}
