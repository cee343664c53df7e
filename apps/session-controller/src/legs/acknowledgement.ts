/** The ACK to a 2xx of an INVITE or re-INVITE (RFC 3261 §13.2.2.4): sent once, and again for each repetition of the 2xx. */
import type { Sdp } from '#telephony';
import type { InDialog } from './in-dialog.js';
import type { AckSnapshot } from './snapshots.js';

/** 64*T1: so long a 2xx is repeated, and so long its ACK may be missing. */
const REPEATED_MS = 32_000;

export class Acknowledgement {
  #bytes: string | undefined;
  #sent: AckSnapshot | undefined;

  constructor(private readonly dialog: InDialog) {}

  get done(): boolean {
    return this.#sent !== undefined;
  }

  send(seq: number, sdp: Sdp | null): void {
    this.#sent = { seq, sdp, atMs: this.#nowMs() };
    this.#bytes = this.dialog.ack(seq, sdp);
  }

  /** The 2xx came again. */
  again(): void {
    if (this.#sent === undefined) return;
    if (this.#bytes === undefined) this.#bytes = this.dialog.ack(this.#sent.seq, this.#sent.sdp);
    else this.dialog.repeat(this.#bytes);
  }

  /** Undefined when nobody can be waiting for it any more. */
  snapshot(): AckSnapshot | undefined {
    return this.#recent ? this.#sent : undefined;
  }

  /** One that another process sent. */
  restore(from: AckSnapshot | undefined): void {
    this.#sent = from;
  }

  /** It may have been lost with that process, so it is sent again. */
  resume(): void {
    if (this.#recent) this.again();
  }

  get #recent(): boolean {
    return this.#sent !== undefined && this.#nowMs() - this.#sent.atMs <= REPEATED_MS;
  }

  #nowMs(): number {
    return this.dialog.ports.clock.nowMs();
  }
}
