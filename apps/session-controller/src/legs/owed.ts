/**
 * What ended legs still owe to their far ends: a BYE without an answer, a refusal without an ACK. Their calls may be over; a process that goes on with
 * the node's calls pays these, too.
 */
import type { ServerTransaction } from '#sip';
import type { SentRequest, SentText, SipSender } from './sip-sender.js';
import type { ReceivedText } from './snapshots.js';

export interface Debt {
  readonly bye?: SentText;
  readonly refusal?: ReceivedText & { readonly response: string };
}

export interface OwedPorts {
  readonly sender: SipSender;
  /** Different for each start of the process. */
  readonly life: string;
  /** For the other half; a debt of undefined is paid. Absent for a node without one, which keeps nothing. */
  readonly changed: ((id: string, debt: Debt | undefined) => void) | undefined;
}

const NOTHING = (): void => {};

export class Owed {
  #count = 0;

  constructor(private readonly ports: OwedPorts) {}

  /** A BYE of ours left. @returns what to call when it has an answer, or will have none */
  bye(sent: SentRequest): () => void {
    const { changed } = this.ports;
    const { text } = sent;
    if (changed === undefined || text === undefined) return NOTHING;
    const id = this.#newId();
    changed(id, { bye: text });
    return () => changed(id, undefined);
  }

  /** A final answer of 300 or more to an INVITE leaves. */
  refusal(invite: string, transaction: ServerTransaction, response: string): void {
    const { changed } = this.ports;
    if (changed === undefined) return;
    const id = this.#newId();
    changed(id, { refusal: { text: invite, flow: transaction.flow, response } });
    this.#untilAcknowledged(id, transaction);
  }

  /** Of another process: paid once more, in the same transactions. */
  restore(id: string, { bye, refusal }: Debt): void {
    const done = (): void => this.ports.changed?.(id, undefined);
    if (bye !== undefined) {
      this.ports.sender.repeat(bye, { onResponse: ({ status }) => (status >= 200 ? done() : undefined), onFailure: done });
    } else if (refusal !== undefined) {
      const transaction = this.ports.sender.adopt(refusal);
      this.#untilAcknowledged(id, transaction);
      transaction.respond(refusal.response);
    } else {
      done();
    }
  }

  #untilAcknowledged(id: string, transaction: ServerTransaction): void {
    transaction.onTerminated = () => this.ports.changed?.(id, undefined);
  }

  #newId(): string {
    this.#count += 1;
    return `${this.ports.life}-${this.#count}`;
  }
}
