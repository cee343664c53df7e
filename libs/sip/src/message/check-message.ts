/**
 * What every element checks before it works with a request (RFC 3261 §8.2, §16.3): mandatory headers, readable values,
 * headers that may stand there once. Scheme and method are checked by whoever serves them.
 */
import { parseCSeq } from '../headers/cseq.js';
import {
  CALL_ID, CONTENT_LENGTH, CSEQ, EXPIRES, FROM, MAX_FORWARDS, TO, VIA,
} from '../headers/header-names.js';
import { parseNameAddr } from '../headers/name-addr.js';
import { parseVia } from '../headers/via.js';
import type { SipParseError, SipParseErrorCode } from '../parser/error.js';
import { parseUri } from '../uri/uri.js';
import type { SipMessage, SipRequest } from './message.js';

const ONCE: readonly (readonly [id: number, name: string])[] = [
  [FROM, 'From'], [TO, 'To'], [CALL_ID, 'Call-ID'], [CSEQ, 'CSeq'], [MAX_FORWARDS, 'Max-Forwards'],
  [CONTENT_LENGTH, 'Content-Length'], [EXPIRES, 'Expires'],
];
const NAME_ADDR_LISTS = ['Contact', 'Route', 'Record-Route'];
const WORD = /^[A-Za-z0-9\-.!%*_+`'~()<>:\\"/[\]?{}]+(@[A-Za-z0-9\-.!%*_+`'~()<>:\\"/[\]?{}]+)?$/;
const SECONDS_LIMIT = 2 ** 32;

const problem = (code: SipParseErrorCode, message: string, statusHint = 400): SipParseError => ({ code, message, offset: -1, statusHint });

/** Undefined when the message is in order. For a response any problem means: drop it. */
export function checkMessage(message: SipMessage): SipParseError | undefined {
  return checkMandatory(message) ?? checkNumbers(message) ?? checkAddresses(message)
    ?? (message.kind === 'request' ? checkRequestUri(message) : undefined);
}

function checkMandatory(message: SipMessage): SipParseError | undefined {
  for (const [id, name] of ONCE) {
    if (message.count(id) > 1) return problem('SIP_PARSE_REPEATED', `${name} may stand there once`);
  }
  if (message.count(VIA) === 0) return problem('SIP_PARSE_VIA', 'Via is missing');
  for (const text of message.values('Via')) {
    const via = parseVia(text);
    if (!via.ok) return via.error;
  }
  if (!WORD.test(message.callId)) return problem('SIP_PARSE_CALL_ID', 'Call-ID is missing or has characters that may not stand there');
  const cseq = parseCSeq(message.header('CSeq') ?? '');
  if (!cseq.ok) return cseq.error;
  if (message.kind === 'request' && cseq.value.method !== message.method) {
    return problem('SIP_PARSE_CSEQ', `CSeq says ${cseq.value.method.slice(0, 32)}, the request line ${message.method.slice(0, 32)}`);
  }
  return undefined;
}

function checkNumbers(message: SipMessage): SipParseError | undefined {
  const maxForwards = message.count(MAX_FORWARDS) === 0 ? '0' : message.header('Max-Forwards') as string;
  if (!/^\d{1,10}$/.test(maxForwards) || Number(maxForwards) > 255) return problem('SIP_PARSE_NUMBER', 'Max-Forwards must be a number from 0 to 255');
  const expires = message.count(EXPIRES) === 0 ? '0' : message.header('Expires') as string;
  if (!/^\d{1,10}$/.test(expires) || Number(expires) >= SECONDS_LIMIT) return problem('SIP_PARSE_NUMBER', 'Expires must be a number of seconds');
  return undefined;
}

function checkAddresses(message: SipMessage): SipParseError | undefined {
  for (const name of ['From', 'To']) {
    const text = message.header(name);
    if (text === undefined) return problem('SIP_PARSE_NAME_ADDR', `${name} is missing`);
    const parsed = parseNameAddr(text);
    if (!parsed.ok) return { ...parsed.error, message: `${name}: ${parsed.error.message}` };
  }
  for (const name of NAME_ADDR_LISTS) {
    for (const text of message.values(name)) {
      if (text === '*' && name === 'Contact') continue;
      const parsed = parseNameAddr(text);
      if (!parsed.ok) return { ...parsed.error, message: `${name}: ${parsed.error.message}` };
    }
  }
  return undefined;
}

function checkRequestUri(request: SipRequest): SipParseError | undefined {
  const parsed = parseUri(request.uri);
  if (!parsed.ok) return { ...parsed.error, message: `Request-URI: ${parsed.error.message}` };
  if (parsed.value.isSip && parsed.value.headers !== '') return problem('SIP_PARSE_URI', 'a Request-URI must not carry headers');
  return undefined;
}
