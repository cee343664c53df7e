/** Dialogs as plain data: RFC 3261 §12. A node that takes over a call takes its dialogs with it. */
import type { SessionTimerState } from './session-timer.js';

export type DialogState = 'Early' | 'Confirmed' | 'Terminated';

export interface Dialog {
  readonly callId: string;
  readonly localTag: string;
  /** Empty while an RFC 2543 peer has none. */
  readonly remoteTag: string;
  /** From or To as sent: name-addr or URI, without the tag. */
  readonly localUri: string;
  readonly remoteUri: string;
  /** The Contact of the remote end: a URI, the Request-URI of what we send. */
  remoteTarget: string;
  /** Route header values, the first one is next. Fixed once the dialog is confirmed. */
  routeSet: readonly string[];
  /** CSeq number of our latest request; undefined until there is one. */
  localSeq: number | undefined;
  remoteSeq: number | undefined;
  /** Request-URI was sips: and the dialog was made over TLS (§12.1.1). */
  readonly secure: boolean;
  state: DialogState;
  readonly role: 'UAC' | 'UAS';
  /** CSeq number of the INVITE that made it: the number of its ACK. */
  inviteSeq: number;
  sessionTimer?: SessionTimerState;
}
