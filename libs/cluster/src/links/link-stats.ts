/** What polls say about the link to one peer (TC-29; docs/specs/cluster-protocol.md, "Links"). Times in ms, queue lengths in bytes. */

/** Our question. `sentMs` and the answer's times are by the clock of the one who says them. */
export interface LinkPoll {
  readonly kind: 'poll';
  readonly from: string;
  readonly sentMs: number;
}

export interface LinkAnswer {
  readonly kind: 'polled';
  readonly receivedMs: number;
  readonly answeredMs: number;
  /** Waits in the peer to leave it. */
  readonly queuedBytes: number;
}

/** Names of the guide. */
export interface LinkView {
  readonly peer: string;
  readonly dataCentre: string;
  /** From the question to the answer. */
  readonly RTT?: number;
  /** From question sent here to received there, and answer sent there to received here: they hold what the two clocks differ by. */
  readonly TXT?: number;
  readonly RXT?: number;
  /** When the last answered poll was answered. */
  readonly LAST_TS?: number;
  /** Waits here to leave, when last polled; and waits there. */
  readonly TX_QUEUE_LEN: number;
  readonly RX_QUEUE_LEN?: number;
  readonly polls: number;
  readonly unanswered: number;
}

export class LinkStats {
  #polls = 0;
  #unanswered = 0;
  #txQueue = 0;
  #last: { readonly rttMs: number; readonly txMs: number; readonly rxMs: number; readonly atMs: number; readonly rxQueue: number } | undefined;

  constructor(readonly peer: string, readonly dataCentre: string) {}

  polled(queuedBytes: number): void {
    this.#polls += 1;
    this.#txQueue = queuedBytes;
  }

  answered(sentMs: number, { receivedMs, answeredMs, queuedBytes }: LinkAnswer, nowMs: number): void {
    const heldMs = answeredMs - receivedMs;
    this.#last = { rttMs: nowMs - sentMs - heldMs, txMs: receivedMs - sentMs, rxMs: nowMs - answeredMs, atMs: nowMs, rxQueue: queuedBytes };
  }

  unanswered(): void {
    this.#unanswered += 1;
  }

  view(): LinkView {
    const { peer, dataCentre } = this;
    const last = this.#last;
    return {
      peer, dataCentre,
      ...(last === undefined ? {} : { RTT: last.rttMs, TXT: last.txMs, RXT: last.rxMs, LAST_TS: last.atMs }),
      TX_QUEUE_LEN: this.#txQueue,
      ...(last === undefined ? {} : { RX_QUEUE_LEN: last.rxQueue }),
      polls: this.#polls, unanswered: this.#unanswered,
    };
  }
}
