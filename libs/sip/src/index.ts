/** SIP without sockets: messages and the machines that decide. Sockets are in `#sip/transport`. */
export type { Dialog, DialogState } from './dialog/dialog.js';
export type { SessionTimerState } from './dialog/session-timer.js';
export { DEFAULT_TIMERS, type SipTimers } from './transaction/timers.js';
export { TransactionLayer, type TransactionLayerOptions, type TransactionPorts } from './transaction/transaction-layer.js';
export type {
  ClientFailure, ClientTransaction, ClientUser, RequestOptions, ServerTransaction,
} from './transaction/users.js';
export {
  type Flow, flowKey, type IdleLine, type IdleLineEvents, type IdleLines, isFlow, type ListeningAddress, type SipTransport, type Target, type TransportError,
  type TransportErrorCode, type TransportName,
} from './transport/port.js';
export { type CSeq, parseCSeq } from './headers/cseq.js';
export { splitList } from './headers/list.js';
export { NameAddr, parseNameAddr } from './headers/name-addr.js';
export { Params, quote, unquote } from './headers/params.js';
export { parseVia, Via } from './headers/via.js';
export { checkMessage } from './message/check-message.js';
export { MessageEdit } from './message/edit.js';
export { type HeaderLine, makeRequest, makeResponse, type RequestParts, type ResponseParts } from './message/make.js';
export { type SipMessage, SipRequest, SipResponse } from './message/message.js';
export { reasonPhrase } from './message/reason-phrases.js';
export type { SipParseError, SipParseErrorCode } from './parser/error.js';
export { DEFAULT_LIMITS, NO_LIMITS, type ParseLimits } from './parser/limits.js';
export { parseMessage } from './parser/parse-message.js';
export { type FramerEvents, StreamFramer } from './parser/stream-framer.js';
export { escapeUser, hostPort, parseHostPort, parseUri, SipUri, unescapeUri, uriEquals } from './uri/uri.js';
export {
  type DigestAlgorithm, type DigestChallenge, type DigestCredentials, digestResponse, makeChallenge, parseAuthorization,
  parseDigestParameters, verifyDigest,
} from './digest/digest.js';
export { NonceKeeper, type NonceOptions, type NonceVerdict } from './digest/nonce-keeper.js';
export { answerDirection, type Direction, directionsOf, isHold, withDirection, withNextVersion } from './sdp/direction.js';
export type { AnyOutcome, DnsLookup, DnsOutcome, DnsQuestion, DnsRecords, DnsType, NaptrRecord, SrvRecord } from './resolver/dns.js';
export { type Destination, literalAddress, Rfc3263Resolution } from './resolver/rfc3263.js';
export { SipResolver, type SipResolverOptions, type SipResolverPorts } from './resolver/sip-resolver.js';
export { type Source, stampMessage, type Stamped, type StampPolicy, stampVia } from './transport/via-stamp.js';
export {
  confirm, dialogFromInvite, dialogFromResponse, dialogId, dialogIdOf, dialogNextHop, type DialogVerdict, type InDialogParts,
  makeAck, makeInDialogRequest, onDialogRequest, onDialogResponse,
} from './dialog/dialog.js';
export { ForkedDialogs, type ForkOutcome } from './dialog/forked-dialogs.js';
export {
  glareDelayMs, OfferAnswer, type OfferAnswerSnapshot, type OfferAnswerState, type SdpCarrier, type SdpMeaning, type SdpVerdict,
} from './dialog/offer-answer.js';
export { parseRAck, type ReliableEffect, ReliableReceiver, ReliableSender, type ReliableSnapshot, reliableSequence } from './dialog/reliable-provisionals.js';
export { isReplaced, parseReplaces, refuseReplaces, type Replaces, replacesFor } from './dialog/replaces.js';
export { isLoose, nextHop, type RoutedRequest, routeRequest } from './dialog/route-set.js';
export {
  answerSessionTimer, policyAfter422, SessionTimer, type SessionTimerAnswer, type SessionTimerEffect, sessionTimerFrom,
  sessionTimerHeaders, type SessionTimerPolicy,
} from './dialog/session-timer.js';
export { bestResponse } from './proxy/best-response.js';
export { inspectRequest, type ServerRules } from './proxy/inspect-request.js';
export { branchId } from './proxy/branch-id.js';
export { hasLooped, loopHash } from './proxy/loop-detection.js';
export {
  type BranchFailure, type FinalAnswer, type ForkEffects, type ForkTarget, ResponseContext, type ResponseContextOptions,
  TIMER_C_MS,
} from './proxy/response-context.js';
export { type NextHop, nextHopOf, type Preprocessed, preprocessRoutes } from './proxy/routes.js';
export { type Refusal, refuseUnsupported } from './proxy/refusal.js';
export { nextMaxForwards, type ProxyRules, validateRequest } from './proxy/validate-request.js';
export {
  type Binding, contactValue, processRegister, type RegisterOutcome, type RegistrarRules,
} from './registrar/process-register.js';
