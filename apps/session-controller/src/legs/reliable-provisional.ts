/** Runs the reliable 1xx of one INVITE (RFC 3262 §3): RSeq, repetition until the PRACK, and what waits for it. */
import { type Timer, unreachable } from '#kernel';
import {
  type HeaderLine, type ReliableEffect, ReliableSender, type ReliableSnapshot, type ServerTransaction, type SipRequest, type SipResponse,
} from '#sip';
import type { LegPorts } from './leg.js';
import type { Ringing } from './snapshots.js';

export interface ReliableHost {
  make(ringing: Ringing, reliable: readonly HeaderLine[]): SipResponse;
  /** 64*T1 without a PRACK, the INVITE should be refused (§3). */
  unconfirmed(): void;
}

const T1_MS = 500;

export class ReliableProvisional {
  #machine: ReliableSender<Ringing>;
  readonly #effects: ReliableEffect<Ringing>[] = [];
  #timer: Timer | undefined;
  #afterwards: (() => void) | undefined;
  readonly #inviteSeq: number;

  constructor(private readonly transaction: ServerTransaction, private readonly ports: LegPorts, private readonly host: ReliableHost) {
    this.#machine = new ReliableSender(T1_MS, 1 + (ports.entropy.uint32() & 0xff_ffff));
    this.#inviteSeq = transaction.request.cseq.seq;
  }

  /** Goes on from what another process had sent: what is open is sent again. */
  resume(from: ReliableSnapshot<Ringing>): void {
    this.#machine = ReliableSender.restore(from, T1_MS, this.#effects);
    this.#drain();
  }

  snapshot(): ReliableSnapshot<Ringing> {
    return this.#machine.snapshot();
  }

  send(ringing: Ringing): void {
    this.#machine.send(ringing, this.#effects);
    this.#drain();
  }

  /** A 2xx waits for the PRACK of a 1xx that may have carried a description (§3). */
  whenAcknowledged(done: () => void): void {
    if (this.#machine.isPending) this.#afterwards = done;
    else done();
  }

  /** @returns whether it acknowledges what is open; 481 otherwise */
  onPrack(request: SipRequest): boolean {
    const matches = this.#machine.onPrack(request, this.#inviteSeq, this.#effects);
    this.#drain();
    return matches;
  }

  /** After the PRACK's own 200, which the caller waits for. */
  proceed(): void {
    if (this.#machine.isPending || this.#afterwards === undefined) return;
    const afterwards = this.#afterwards;
    this.#afterwards = undefined;
    afterwards();
  }

  stop(): void {
    this.#afterwards = undefined;
    this.#machine.stop(this.#effects);
    this.#drain();
  }

  #drain(): void {
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) this.#perform(effect);
  }

  #perform(effect: ReliableEffect<Ringing>): void {
    switch (effect.kind) {
      case 'send':
        return this.transaction.respond(this.host.make(effect.response, [['Require', '100rel'], ['RSeq', String(effect.rseq)]]));
      case 'setTimer':
        this.#timer?.cancel();
        this.#timer = this.ports.clock.setTimer(effect.delayMs, () => {
          this.#machine.onTimer(this.#effects);
          this.#drain();
        });
        return;
      case 'stopTimer': return this.#timer?.cancel();
      case 'acknowledged': return;
      case 'failed': return this.host.unconfirmed();
      default: return unreachable(effect);
    }
  }
}
