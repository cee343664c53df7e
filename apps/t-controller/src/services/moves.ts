/** DNs that go to another data centre: who asks for them, and when their owner lets them go (docs/specs/ownership.md, "Moves"). */
import { subjects } from '#cluster';
import { unreachable } from '#kernel';
import {
  type DepartureEffect, type DepartureInput, Departures, type DnCommand, type DnReply, type MoveVerdict, type Ownership, type OwnershipEffect,
  type OwnershipInput, type TcCommand,
} from '#telephony';
import type { OwnedDn } from './owned-dn.js';
import type { OwnedDnsPorts } from './owned-dns.js';

export interface MovesHost {
  owned(dn: string): OwnedDn | undefined;
  /** The registration lasts until then. */
  until(dn: string, untilMs: number): void;
  /** To the machine of owners, while this node serves. */
  feed(input: OwnershipInput): void;
}

/** The answer to `move`; silence is no answer. */
const MOVE_ANSWER_MS = 1_000;

export class Moves {
  readonly #departures = new Departures();

  constructor(
    private readonly node: string, private readonly ports: Pick<OwnedDnsPorts, 'bus' | 'clock'>, private readonly ownership: Ownership,
    private readonly host: MovesHost,
  ) {}

  /** Asks the DN's owner in another data centre. */
  ask({ dn, ownership, untilMs, agoMs }: Extract<OwnershipEffect, { readonly kind: 'askMove' }>): void {
    // JSON has no Infinity.
    const question: DnCommand = { kind: 'move', node: this.node, ownership, agoMs, ...(untilMs === Infinity ? {} : { untilMs }) };
    this.ports.bus.request(subjects.dnCommand(dn), question, MOVE_ANSWER_MS, (reply) => {
      const answer = reply.kind === 'reply' ? reply.message as DnReply : undefined;
      if (answer?.kind === 'move') this.answered(dn, answer.verdict);
      else this.answered(dn, reply.kind === 'no-responders' ? 'nobody' : 'silent');
    });
  }

  answered(dn: string, verdict: MoveVerdict | 'silent' | 'nobody'): void {
    this.host.feed({ kind: 'moveAnswered', dn, verdict, nowMs: this.#nowMs() });
  }

  /** Another node asks for an owned DN. */
  asked(dn: string, { node, ownership, untilMs = Infinity, agoMs }: Extract<DnCommand, { readonly kind: 'move' }>): DnReply | undefined {
    const owned = this.host.owned(dn);
    if (owned === undefined) return undefined;
    const nowMs = this.#nowMs();
    const seenAtMs = this.ownership.seenAtMs(dn) ?? 0;
    const verdict = this.#depart({ kind: 'asked', dn, node, ownership, untilMs, agoMs, seenAtMs, state: owned.departureState(nowMs), nowMs });
    // The phone is registered there, whatever becomes of its registration here.
    if (verdict === 'later' && untilMs > (this.ownership.untilMs(dn) ?? 0)) this.host.until(dn, untilMs);
    return { kind: 'move', verdict: verdict ?? 'no' };
  }

  /** An application of this node holds the DN. */
  held(dn: string): void {
    this.#departures.on({ kind: 'held', dn }, []);
  }

  /** None does any more. */
  left(dn: string, owned: OwnedDn): void {
    const nowMs = this.#nowMs();
    this.#depart({ kind: 'left', dn, state: owned.departureState(nowMs), nowMs });
  }

  gone(dn: string): void {
    this.#departures.on({ kind: 'gone', dn }, []);
  }

  changed(dn: string): void {
    const owned = this.#departures.has(dn) ? this.host.owned(dn) : undefined;
    const nowMs = this.#nowMs();
    if (owned !== undefined) this.#depart({ kind: 'changed', dn, state: owned.departureState(nowMs), nowMs });
  }

  /** After-call work ends by time alone. */
  lookAgain(): void {
    for (const dn of [...this.#departures.dns]) this.changed(dn);
  }

  #nowMs(): number {
    return this.ports.clock.nowMs();
  }

  /** Answers the verdict, if there was a question. */
  #depart(input: DepartureInput): MoveVerdict | undefined {
    const effects: DepartureEffect[] = [];
    this.#departures.on(input, effects);
    let verdict: MoveVerdict | undefined;
    for (const effect of effects) {
      if (effect.kind === 'verdict') verdict = effect.verdict;
      else this.#perform(effect);
    }
    return verdict;
  }

  #perform(effect: Exclude<DepartureEffect, { readonly kind: 'verdict' }>): void {
    const { dn } = effect;
    switch (effect.kind) {
      case 'leave': return void this.host.owned(dn)?.feed({ kind: 'leave', untilMs: effect.untilMs, nowMs: this.#nowMs() });
      case 'moveNow': return this.ports.bus.publish(subjects.tcCommand(effect.node), { kind: 'moveNow', dn } satisfies TcCommand);
      case 'giveUp': return this.host.feed({ kind: 'unwant', dn, nowMs: this.#nowMs() });
      default: return unreachable(effect);
    }
  }
}
