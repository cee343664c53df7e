/** SIP without sockets: messages and the machines that decide. Sockets are in `#sip/transport`. */
export type { Dialog, DialogState } from './dialog/dialog.js';
export type { SessionTimerState } from './dialog/session-timer.js';
export { DEFAULT_TIMERS, type SipTimers } from './transaction/timers.js';
export { TransactionLayer, type TransactionLayerOptions, type TransactionPorts } from './transaction/transaction-layer.js';
export type {
  ClientFailure, ClientTransaction, ClientUser, RequestOptions, ServerTransaction,
} from './transaction/users.js';
export {
  type Flow, flowKey, isFlow, type ListeningAddress, type SipTransport, type Target, type TransportError,
  type TransportErrorCode, type TransportName,
} from './transport/port.js';
