/**
 * Who is alive, from heartbeats. A pure machine: the shell tells it what it heard and what time it is.
 * Rules: docs/specs/cluster-protocol.md, "Heartbeats".
 */
import type { Machine, Out } from '#kernel';

/** What an instance says about itself each second. */
export interface MemberHeartbeat {
  /** Unique in the cluster. */
  readonly instance: string;
  /** Application name; several tiers of one node send one heartbeat each. */
  readonly node: string;
  readonly tier: string;
  readonly dataCentre: string;
  readonly role: 'primary' | 'backup';
  /** Changes with every start of the process, and grows. */
  readonly bootEpoch: number;
  readonly draining: boolean;
  readonly load: number;
  /** The last word of a process that ends: it is down from now on. */
  readonly leaving?: boolean;
}

export type MembershipInput<H extends MemberHeartbeat> =
  | { readonly kind: 'heartbeat'; readonly heartbeat: H; readonly nowMs: number }
  | { readonly kind: 'timer'; readonly nowMs: number }
  /** This process stood still: what it did not hear meanwhile says nothing about the others. */
  | { readonly kind: 'paused'; readonly forMs: number; readonly nowMs: number };

export type MembershipChange<H extends MemberHeartbeat> =
  | { readonly kind: 'up'; readonly member: H }
  /** Unheard for 3.5 s, or it said that it leaves. */
  | { readonly kind: 'down'; readonly member: H }
  /** Same instance, new process: whatever the old one held is gone. */
  | { readonly kind: 'restarted'; readonly member: H; readonly previous: H }
  | { readonly kind: 'draining'; readonly member: H }
  /** The role in the pair changed, or draining was taken back. */
  | { readonly kind: 'changed'; readonly member: H; readonly previous: H }
  /** This process itself stood still for so long: its own claims are doubtful. */
  | { readonly kind: 'paused'; readonly forMs: number };

export const DOWN_AFTER_MS = 3_500;

interface Heard<H> {
  member: H;
  atMs: number;
}

export class Membership<H extends MemberHeartbeat = MemberHeartbeat>
implements Machine<MembershipInput<H>, MembershipChange<H>> {
  readonly #heard = new Map<string, Heard<H>>();

  on(input: MembershipInput<H>, out: Out<MembershipChange<H>>): void {
    switch (input.kind) {
      case 'heartbeat': return this.#heartbeat(input.heartbeat, input.nowMs, out);
      case 'timer': return this.#timer(input.nowMs, out);
      case 'paused': return this.#paused(input.forMs, input.nowMs, out);
    }
  }

  /** Living members, by tier and data centre when given. */
  members(tier?: H['tier'], dataCentre?: string): H[] {
    const found: H[] = [];
    for (const { member } of this.#heard.values()) {
      if (tier !== undefined && member.tier !== tier) continue;
      if (dataCentre !== undefined && member.dataCentre !== dataCentre) continue;
      found.push(member);
    }
    return found;
  }

  member(instance: string): H | undefined {
    return this.#heard.get(instance)?.member;
  }

  /** When the next member would be unheard for too long; the shell then sends `timer`. */
  deadlineMs(): number | undefined {
    let earliestMs: number | undefined;
    for (const { atMs } of this.#heard.values()) {
      if (earliestMs === undefined || atMs < earliestMs) earliestMs = atMs;
    }
    return earliestMs === undefined ? undefined : earliestMs + DOWN_AFTER_MS;
  }

  #heartbeat(member: H, nowMs: number, out: Out<MembershipChange<H>>): void {
    const known = this.#heard.get(member.instance);
    if (member.leaving === true) return this.#leaves(member, known, out);
    if (known === undefined) {
      this.#heard.set(member.instance, { member, atMs: nowMs });
      out.push({ kind: 'up', member });
      return;
    }
    const previous = known.member;
    // A message of the process before, overtaken by its successor's.
    if (member.bootEpoch < previous.bootEpoch) return;
    known.member = member;
    known.atMs = nowMs;
    if (member.bootEpoch > previous.bootEpoch) out.push({ kind: 'restarted', member, previous });
    else if (member.draining && !previous.draining) out.push({ kind: 'draining', member });
    else if (member.draining !== previous.draining || member.role !== previous.role) {
      out.push({ kind: 'changed', member, previous });
    }
  }

  /** Its successor may be there already. */
  #leaves(member: H, known: Heard<H> | undefined, out: Out<MembershipChange<H>>): void {
    if (known === undefined || known.member.bootEpoch > member.bootEpoch) return;
    this.#heard.delete(member.instance);
    out.push({ kind: 'down', member });
  }

  #timer(nowMs: number, out: Out<MembershipChange<H>>): void {
    for (const [instance, { member, atMs }] of this.#heard) {
      if (nowMs - atMs < DOWN_AFTER_MS) continue;
      this.#heard.delete(instance);
      out.push({ kind: 'down', member });
    }
  }

  #paused(forMs: number, nowMs: number, out: Out<MembershipChange<H>>): void {
    for (const heard of this.#heard.values()) heard.atMs = nowMs;
    out.push({ kind: 'paused', forMs });
  }
}
