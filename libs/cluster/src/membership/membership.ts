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
  /** `backup`: the other half of the pair `node`, which stands by and runs no tier (docs/specs/pairs.md). */
  readonly role: 'primary' | 'backup';
  /** Changes with every start of the process, and grows. */
  readonly bootEpoch: number;
  readonly draining: boolean;
  readonly load: number;
  /** The last word of a process that ends: it is down from now on. */
  readonly leaving?: boolean;
  /** This process went on from the other half of its pair: what the one before held is still there. */
  readonly continues?: boolean;
  /** Epoch of the pair's term, for a node that has a pair. */
  readonly term?: number;
  /** Application name of its half that is primary, for a node that has a pair. */
  readonly half?: string;
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
  /** As `down`, but the other half of its pair stands by: it is expected to go on. After 10 s more it is down. */
  | { readonly kind: 'silent'; readonly member: H }
  /** The other half of its pair goes on: what the old process held is still there, but for its clients' sessions. */
  | { readonly kind: 'continued'; readonly member: H; readonly previous: H }
  /** Same instance, new process: whatever the old one held is gone. */
  | { readonly kind: 'restarted'; readonly member: H; readonly previous: H }
  | { readonly kind: 'draining'; readonly member: H }
  /** The role in the pair changed, or draining was taken back. */
  | { readonly kind: 'changed'; readonly member: H; readonly previous: H }
  /** This process itself stood still for so long: its own claims are doubtful. */
  | { readonly kind: 'paused'; readonly forMs: number };

export const DOWN_AFTER_MS = 3_500;
/** What a standby may need to notice, to take over and to start its tiers (docs/specs/pairs.md). */
export const PAIR_GRACE_MS = 10_000;

/** Tier of what a half announces that is not primary. */
export const STANDBY = 'standby';

interface Heard<H> {
  member: H;
  /** Expected again: its other half may go on. */
  silent: boolean;
  /** Down, or silent, when unheard until then. */
  deadlineMs: number;
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

  /** Living members, by tier and data centre when given; those that are expected again are among them. */
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
    for (const { deadlineMs } of this.#heard.values()) {
      if (earliestMs === undefined || deadlineMs < earliestMs) earliestMs = deadlineMs;
    }
    return earliestMs;
  }

  #heartbeat(member: H, nowMs: number, out: Out<MembershipChange<H>>): void {
    const known = this.#heard.get(member.instance);
    if (member.leaving === true) return this.#leaves(member, known, nowMs, out);
    if (known === undefined) {
      this.#heard.set(member.instance, { member, silent: false, deadlineMs: nowMs + DOWN_AFTER_MS });
      out.push({ kind: 'up', member });
      return;
    }
    const previous = known.member;
    const age = compareLives(member, previous);
    // A message of the process before, overtaken by its successor's.
    if (age < 0) return;
    const wasSilent = known.silent;
    known.member = member;
    known.silent = false;
    known.deadlineMs = nowMs + DOWN_AFTER_MS;
    if (age > 0) out.push({ kind: member.continues === true ? 'continued' : 'restarted', member, previous });
    else if (wasSilent) out.push({ kind: 'up', member });
    else if (member.draining && !previous.draining) out.push({ kind: 'draining', member });
    else if (member.draining !== previous.draining || member.role !== previous.role) {
      out.push({ kind: 'changed', member, previous });
    }
  }

  /** Its successor may be there already. */
  #leaves(member: H, known: Heard<H> | undefined, nowMs: number, out: Out<MembershipChange<H>>): void {
    if (known !== undefined && compareLives(known.member, member) <= 0) this.#unheard(known, nowMs, out);
  }

  #timer(nowMs: number, out: Out<MembershipChange<H>>): void {
    for (const heard of this.#heard.values()) if (nowMs >= heard.deadlineMs) this.#unheard(heard, nowMs, out);
  }

  #unheard(heard: Heard<H>, nowMs: number, out: Out<MembershipChange<H>>): void {
    const { member } = heard;
    if (!heard.silent && this.#hasStandby(member)) {
      heard.silent = true;
      heard.deadlineMs = nowMs + PAIR_GRACE_MS;
      return void out.push({ kind: 'silent', member });
    }
    this.#heard.delete(member.instance);
    out.push({ kind: 'down', member });
  }

  #hasStandby({ node, role }: H): boolean {
    if (role === 'backup') return false;
    for (const { member } of this.#heard.values()) if (member.role === 'backup' && member.node === node) return true;
    return false;
  }

  #paused(forMs: number, nowMs: number, out: Out<MembershipChange<H>>): void {
    for (const heard of this.#heard.values()) heard.deadlineMs = nowMs + DOWN_AFTER_MS;
    out.push({ kind: 'paused', forMs });
  }
}

/** Positive when `a` is the later life. The halves of a pair have clocks of their own, so terms count before starts. */
function compareLives(a: MemberHeartbeat, b: MemberHeartbeat): number {
  if (a.term !== undefined && b.term !== undefined && a.term !== b.term) return a.term - b.term;
  return a.bootEpoch - b.bootEpoch;
}
