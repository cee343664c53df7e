/** The dialogs that one INVITE of ours may open: each fork that answers has a To tag of its own (RFC 3261 §12.1.2, §13.2.2.4). */
import type { SipRequest, SipResponse } from '../message/message.js';
import { type Dialog, dialogFromResponse, onDialogResponse } from './dialog.js';

/** Forks remembered for one INVITE; a peer that invents tags gets no more of our memory. */
const FORKS_MAX = 16;

export interface ForkOutcome {
  /** Undefined for a response without a tag, and beyond the bound. */
  readonly dialog: Dialog | undefined;
  readonly isNew: boolean;
}

export class ForkedDialogs {
  readonly #dialogs = new Map<string, Dialog>();

  constructor(readonly invite: SipRequest, readonly forksMax = FORKS_MAX) {}

  get all(): readonly Dialog[] {
    return [...this.#dialogs.values()];
  }

  /** A response to the INVITE: finds or opens its dialog and moves it on. A non-2xx final ends all early ones. */
  onResponse(response: SipResponse): ForkOutcome {
    if (response.status >= 300) {
      for (const dialog of this.#dialogs.values()) onDialogResponse(dialog, response);
      return { dialog: undefined, isNew: false };
    }
    const { tag } = response.to;
    // A 100 has no tag that counts; a 2xx without one is from an RFC 2543 peer.
    if (response.status === 100 || (tag === undefined && response.status < 200)) return { dialog: undefined, isNew: false };
    const known = this.#dialogs.get(tag ?? '');
    if (known !== undefined) {
      onDialogResponse(known, response);
      return { dialog: known, isNew: false };
    }
    if (this.#dialogs.size >= this.forksMax) return { dialog: undefined, isNew: false };
    const dialog = dialogFromResponse(this.invite, response);
    this.#dialogs.set(tag ?? '', dialog);
    return { dialog, isNew: true };
  }
}
