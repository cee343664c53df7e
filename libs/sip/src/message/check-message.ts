/**
 * What every element checks before it works with a message (RFC 3261 §8.1.1, §8.2, §16.3): mandatory headers, readable
 * values, headers that may stand there once. What depends on the role of the receiver (schemes, methods, extensions,
 * hops) is checked by whoever serves them.
 */
import { allOf, parseDigits, WORD } from '../headers/chars.js';
import {
  CALL_ID, CONTENT_LENGTH, CONTENT_TYPE, CSEQ, EXPIRES, FROM, headerName, MAX_FORWARDS, TO, VIA,
} from '../headers/header-names.js';
import type { SipParseError, SipParseErrorCode } from '../parser/error.js';
import { MAX_FORWARDS_MAX, type SipMessage, type SipRequest } from './message.js';

const bitMask = (ids: readonly number[]): number => ids.reduce((mask, id) => mask | (1 << id), 0);
const ONCE = bitMask([FROM, TO, CALL_ID, CSEQ, MAX_FORWARDS, CONTENT_LENGTH, CONTENT_TYPE, EXPIRES]);
const SECONDS_MAX = 2 ** 32 - 1;

const problem = (code: SipParseErrorCode, message: string, statusHint = 400): SipParseError => ({ code, message, offset: -1, statusHint });
const at = (name: string, error: SipParseError): SipParseError => ({ ...error, message: `${name}: ${error.message}` });

/** Undefined when the message is in order. */
export function checkMessage(message: SipMessage): SipParseError | undefined {
  return checkOnce(message) ?? checkTransaction(message) ?? checkNumbers(message) ?? checkAddresses(message)
    ?? (message.kind === 'request' ? checkRequestUri(message) : undefined);
}

function checkOnce(message: SipMessage): SipParseError | undefined {
  const repeated = message.index.repeated(ONCE);
  return repeated === 0 ? undefined : problem('SIP_PARSE_REPEATED', `${headerName(repeated)} may stand there once`);
}

/** What tells transactions and calls apart. */
function checkTransaction(message: SipMessage): SipParseError | undefined {
  if (!message.index.has(VIA)) return problem('SIP_PARSE_VIA', 'Via is missing');
  if (message.decodedVias.problem !== undefined) return message.decodedVias.problem;
  if (!isCallId(message.callId)) return problem('SIP_PARSE_CALL_ID', 'Call-ID is missing or has characters that may not stand there');
  const cseq = message.decodedCseq;
  if (!cseq.ok) return cseq.error;
  if (message.kind === 'request' && cseq.value.method !== message.method && !isCSeqRepairable(message)) {
    return problem('SIP_PARSE_CSEQ', `CSeq says ${cseq.value.method.slice(0, 32)}, the request line ${message.method.slice(0, 32)}`);
  }
  return undefined;
}

/** word [ "@" word ] (§25.1). */
function isCallId(text: string): boolean {
  const at = text.indexOf('@');
  if (at === -1) return text !== '' && allOf(WORD, text, 0, text.length);
  return at > 0 && at + 1 < text.length && allOf(WORD, text, 0, at) && allOf(WORD, text, at + 1, text.length);
}

/** Methods whose transactions others find by the method in CSeq (§9.1, §17.1.1.3, §17.1.3). */
const BY_CSEQ_METHOD = new Set(['INVITE', 'ACK', 'CANCEL']);

/**
 * Whether a CSeq that names another method than the request line may be put right. Within a dialog CSeq orders requests by its
 * number alone (§12.2.2), and a request other than INVITE shares its transaction with no other: the request line says what is
 * meant. RFC 5589 §6.2 prints such a NOTIFY. Elsewhere 400 (RFC 4475 §3.1.2.17).
 */
function isCSeqRepairable(request: SipRequest): boolean {
  return !BY_CSEQ_METHOD.has(request.method) && request.to.tag !== undefined;
}

/**
 * The request as it goes on: its CSeq names the method of the request line, so that the next element has nothing to refuse and
 * the response matches the transaction (§17.1.3).
 *
 * @param request one that `checkMessage` lets pass
 */
export function repairCSeq(request: SipRequest): SipRequest {
  const { seq, method } = request.cseq;
  return method === request.method ? request : request.edit().replace('CSeq', `${seq} ${request.method}`).build();
}

function checkNumbers(message: SipMessage): SipParseError | undefined {
  if (message.index.has(MAX_FORWARDS) && parseDigits(message.firstValue(MAX_FORWARDS), MAX_FORWARDS_MAX) === -1) {
    return problem('SIP_PARSE_NUMBER', `Max-Forwards must be a number from 0 to ${MAX_FORWARDS_MAX}`);
  }
  if (message.index.has(EXPIRES) && parseDigits(message.firstValue(EXPIRES), SECONDS_MAX) === -1) {
    return problem('SIP_PARSE_NUMBER', 'Expires must be a number of seconds');
  }
  return undefined;
}

function checkAddresses(message: SipMessage): SipParseError | undefined {
  if (!message.index.has(FROM)) return problem('SIP_PARSE_NAME_ADDR', 'From is missing');
  if (!message.index.has(TO)) return problem('SIP_PARSE_NAME_ADDR', 'To is missing');
  const { decodedFrom: from, decodedTo: to } = message;
  if (!from.ok) return at('From', from.error);
  if (!to.ok) return at('To', to.error);
  if (message.decodedContacts.problem !== undefined) return at('Contact', message.decodedContacts.problem);
  if (message.decodedRoutes.problem !== undefined) return at('Route', message.decodedRoutes.problem);
  if (message.decodedRecordRoutes.problem !== undefined) return at('Record-Route', message.decodedRecordRoutes.problem);
  return undefined;
}

function checkRequestUri(request: SipRequest): SipParseError | undefined {
  const uri = request.decodedUri;
  if (!uri.ok) return at('Request-URI', uri.error);
  // §19.1.1, table 1.
  return uri.value.isSip && uri.value.headers !== '' ? problem('SIP_PARSE_URI', 'a Request-URI must not carry headers') : undefined;
}
