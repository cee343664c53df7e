/**
 * Who sends too much (PRX-32): a bucket of requests for each source, and a ban in silence for one that empties its own. Neither a ban nor a
 * bucket outlives the flood for long, and the table is bounded.
 */
import type { AddressList } from './address-list.js';

export interface FloodRules {
  /** Requests a source may send at once; 0 = nobody is ever banned. */
  readonly burst: number;
  /** Requests a second by which the bucket fills again. */
  readonly ratePerS: number;
  /** From the last request of the flood on. */
  readonly banMs: number;
  /** Never banned. */
  readonly exempt: AddressList;
}

interface Source {
  readonly exempt: boolean;
  left: number;
  atMs: number;
  bannedUntilMs: number;
}

export const SOURCES_MAX = 65_536;
/** How many of the oldest sources are looked at for one without a ban. */
const EVICTION_LOOKS = 16;

export class FloodGuard {
  /** By source, the oldest first. */
  readonly #sources = new Map<string, Source>();
  #bans = 0;

  constructor(private readonly rules: FloodRules) {}

  /** Bans so far. */
  get bans(): number {
    return this.#bans;
  }

  /** Sources that are banned now. */
  banned(nowMs: number): string[] {
    return [...this.#sources].filter(([, { bannedUntilMs }]) => bannedUntilMs > nowMs).map(([source]) => source);
  }

  /** Whether to listen to that host at all. Each message of a flood that goes on begins the ban anew. */
  admits(host: string, nowMs: number): boolean {
    const source = this.#sources.get(sourceOf(host));
    if (source === undefined || source.bannedUntilMs <= nowMs) return true;
    this.#take(source, nowMs);
    return false;
  }

  /** A request that opens something. False: that was one too many. */
  counts(host: string, nowMs: number): boolean {
    if (this.rules.burst === 0) return true;
    const source = this.#source(host, nowMs);
    return source.exempt || this.#take(source, nowMs);
  }

  /** An operator lets that host in again. False: it was not banned. */
  pardon(host: string, nowMs: number): boolean {
    const source = this.#sources.get(sourceOf(host));
    if (source === undefined || source.bannedUntilMs <= nowMs) return false;
    return this.#sources.delete(sourceOf(host));
  }

  #take(source: Source, nowMs: number): boolean {
    const { burst, ratePerS, banMs } = this.rules;
    source.left = Math.min(burst, source.left + (nowMs - source.atMs) / 1_000 * ratePerS);
    source.atMs = nowMs;
    if (source.left >= 1) {
      source.left -= 1;
      return true;
    }
    if (source.bannedUntilMs <= nowMs) this.#bans += 1;
    source.bannedUntilMs = nowMs + banMs;
    return false;
  }

  #source(host: string, nowMs: number): Source {
    const key = sourceOf(host);
    let source = this.#sources.get(key);
    if (source === undefined) {
      if (this.#sources.size >= SOURCES_MAX) this.#forgetOne(nowMs);
      source = { exempt: this.rules.exempt.holds(host), left: this.rules.burst, atMs: nowMs, bannedUntilMs: 0 };
      this.#sources.set(key, source);
    }
    return source;
  }

  #forgetOne(nowMs: number): void {
    let first: string | undefined;
    let looks = 0;
    for (const [key, { bannedUntilMs }] of this.#sources) {
      first ??= key;
      looks += 1;
      if (bannedUntilMs > nowMs && looks < EVICTION_LOOKS) continue;
      this.#sources.delete(bannedUntilMs > nowMs ? first : key);
      return;
    }
  }
}

const GROUPS_OF_NETWORK = 4;
const GROUPS = 8;

/** An IPv4 address, or the /64 of an IPv6 one: that is what one site has. */
export function sourceOf(host: string): string {
  if (!host.includes(':')) return host;
  const [head = '', tail] = host.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, GROUPS - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].slice(0, GROUPS_OF_NETWORK).join(':');
}
