/** Bytes to an indexed message: one pass over the lines, no header decoded. Never throws. */
import { fail, ok, type Result } from '#kernel';
import { allOf, isBlank, isOf, isSpace, parseDigits, TOKEN, URI } from '../headers/chars.js';
import { CONTENT_LENGTH, headerIdAt, VIA } from '../headers/header-names.js';
import { LINE_FIELDS, MessageIndex } from '../message/message-index.js';
import { type SipMessage, SipRequest, SipResponse } from '../message/message.js';
import { CONTENT_LENGTH_MAX } from './content-length.js';
import type { SipParseError, SipParseErrorCode } from './error.js';
import { DEFAULT_LIMITS, type ParseLimits } from './limits.js';

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
const SPACE = 0x20;

const VERSION = 'SIP/2.0';
const STATUS_START = `${VERSION} `;
const STATUS_DIGITS = 3;
const STATUS_MIN = 100;
const STATUS_MAX = 699;

/** What is wrong: code, sentence, status to answer. */
type Problem = readonly [code: SipParseErrorCode, message: string, statusHint: number];

/** What the start line says. `status` is 0 for a request. */
interface StartLine {
  readonly method: string;
  readonly uri: string;
  readonly uriStart: number;
  readonly status: number;
  readonly reason: string;
  /** A request is answered even when its start line is wrong, where enough of it can be read. */
  readonly problem: Problem | undefined;
}

/**
 * Reads one datagram, or one message that a stream framer cut out. Bytes after the body are ignored (§18.3).
 */
export function parseMessage(input: Buffer | string, limits: ParseLimits = DEFAULT_LIMITS): Result<SipMessage, SipParseError> {
  const bytes = typeof input === 'string' ? input : input.toString('latin1');
  if (bytes.length > limits.message) return refuse('SIP_PARSE_TOO_LARGE', `a message may have ${limits.message} bytes`, 0, 513);
  let start = 0;
  while (bytes.charCodeAt(start) === CR || bytes.charCodeAt(start) === LF) start += 1;
  const lineFeed = bytes.indexOf('\n', start);
  if (lineFeed === -1) return refuse('SIP_PARSE_EMPTY', 'there is no line', start, 400);
  const startLine = parseStartLine(bytes, start, endOfLine(bytes, lineFeed));
  if (startLine === undefined) return refuse('SIP_PARSE_START_LINE', 'the first line is neither a request nor a status line', start, 400);
  const { lines, headersEnd, problem, problemAt } = scanHeaders(bytes, lineFeed + 1, limits);
  const bodyStart = afterEmptyLine(bytes, headersEnd);
  const index = new MessageIndex(
    start, lines, headersEnd, bodyStart, bytes.length, startLine.uriStart, startLine.uriStart + startLine.uri.length,
  );
  const failure = problem ?? startLine.problem;
  if (failure !== undefined) {
    const [code, message, statusHint] = failure;
    return refuse(code, message, problem === undefined ? start : problemAt, statusHint, answerable(bytes, index, startLine));
  }
  return bounded(bytes, index, startLine, limits);
}

/** Cuts the body to its Content-Length. */
function bounded(bytes: string, index: MessageIndex, startLine: StartLine, limits: ParseLimits): Result<SipMessage, SipParseError> {
  const present = bytes.length - index.bodyStart;
  let length = present;
  const line = index.find(CONTENT_LENGTH, 0);
  if (line !== -1) {
    length = parseDigits(bytes, CONTENT_LENGTH_MAX, index.valueStart(line), index.valueEnd(line));
    const message = lengthProblem(length, present, index.find(CONTENT_LENGTH, line + 1) !== -1);
    if (message !== undefined) {
      return refuse('SIP_PARSE_CONTENT_LENGTH', message, index.valueStart(line), 400, answerable(bytes, index, startLine));
    }
  }
  if (length > limits.body) {
    return refuse('SIP_PARSE_TOO_LARGE', `a body may have ${limits.body} bytes`, index.bodyStart, 413, answerable(bytes, index, startLine));
  }
  const exact = length === present ? index : new MessageIndex(
    index.start, index.lines, index.headersEnd, index.bodyStart, index.bodyStart + length, index.uriStart, index.uriEnd,
  );
  if (startLine.status !== 0) return ok(new SipResponse(bytes, exact, startLine.status, startLine.reason));
  if (startLine.uri.length > limits.uri) {
    return refuse('SIP_PARSE_TOO_LARGE', `a Request-URI may have ${limits.uri} bytes`, exact.uriStart, 414, answerable(bytes, exact, startLine));
  }
  return ok(new SipRequest(bytes, exact, startLine.method, startLine.uri));
}

/** Two lengths are refused even when equal: whoever comes next may believe the other one. */
function lengthProblem(length: number, present: number, isRepeated: boolean): string | undefined {
  if (isRepeated) return 'Content-Length may stand there once';
  if (length === -1) return 'Content-Length must be a number';
  return length > present ? 'the body is shorter than its Content-Length' : undefined;
}

function parseStartLine(bytes: string, start: number, end: number): StartLine | undefined {
  if (bytes.startsWith('SIP/', start)) return parseStatusLine(bytes, start, end);
  const methodEnd = bytes.indexOf(' ', start);
  if (methodEnd <= start || methodEnd >= end || !allOf(TOKEN, bytes, start, methodEnd)) return undefined;
  const method = bytes.slice(start, methodEnd);
  const uriStart = methodEnd + 1;
  const uriEnd = end - VERSION.length - 1;
  if (uriEnd <= uriStart || !bytes.startsWith(' SIP/2.0', uriEnd)) return parseOddRequestLine(method, uriStart, bytes.slice(uriStart, end));
  const uri = bytes.slice(uriStart, uriEnd);
  const problem: Problem | undefined = allOf(URI, bytes, uriStart, uriEnd)
    ? undefined : ['SIP_PARSE_START_LINE', 'the Request-URI has white space, controls or brackets', 400];
  return { method, uri, uriStart, status: 0, reason: '', problem };
}

/** A reason may be absent, with its space (RFC 4475 §3.1.1.13) or without. */
function parseStatusLine(bytes: string, start: number, end: number): StartLine | undefined {
  const from = start + STATUS_START.length;
  const to = from + STATUS_DIGITS;
  if (!bytes.startsWith(STATUS_START, start) || to > end) return undefined;
  const status = parseDigits(bytes, STATUS_MAX, from, to);
  if (status < STATUS_MIN || (to < end && bytes.charCodeAt(to) !== SPACE)) return undefined;
  const reason = bytes.slice(to + 1, end);
  return reason.includes('\r') ? undefined : { method: '', uri: '', uriStart: 0, status, reason, problem: undefined };
}

/** A request line that does not end as usual; `rest` follows the method. Versions compare without case (§7.1). */
function parseOddRequestLine(method: string, uriStart: number, rest: string): StartLine | undefined {
  const match = /^(.*?)[ \t]+(SIP\/\d+\.\d+)([ \t]*)$/i.exec(rest);
  if (match === null) return undefined;
  const [, uri = '', version = '', trailing] = match;
  const line = { method, uri, uriStart, status: 0, reason: '' };
  if (version.toUpperCase() !== VERSION) return { ...line, problem: ['SIP_PARSE_VERSION', `${version} is not served; use SIP/2.0`, 505] };
  if (rest.length === uri.length + 1 + VERSION.length && trailing === '' && uri !== '' && allOf(URI, uri, 0, uri.length)) {
    return { ...line, problem: undefined };
  }
  return { ...line, problem: ['SIP_PARSE_START_LINE', 'the request line has superfluous white space', 400] };
}

interface Scan {
  /** {@link MessageIndex.lines}. */
  readonly lines: number[];
  /** Where the empty line is, or where the scan gave up. */
  readonly headersEnd: number;
  readonly problem: Problem | undefined;
  readonly problemAt: number;
}

const NO_HEADER: Problem = ['SIP_PARSE_HEADER_LINE', 'a header line must be Name: value, without stray carriage returns', 400];

/** Goes on after a line that is wrong: what follows may be what the refusal is answered with. */
function scanHeaders(bytes: string, from: number, limits: ParseLimits): Scan {
  const lines: number[] = [];
  let bad: Problem | undefined;
  let badAt = -1;
  const wrong = (at: number, problem: Problem): Scan => ({ lines, headersEnd: at, problem, problemAt: at });
  for (let at = from; ;) {
    if (at >= bytes.length) return wrong(at, ['SIP_PARSE_HEADERS_END', 'an empty line must end the headers', 400]);
    const first = bytes.charCodeAt(at);
    if (first === LF || (first === CR && bytes.charCodeAt(at + 1) === LF)) {
      return { lines, headersEnd: at, problem: bad, problemAt: badAt };
    }
    let lineFeed = bytes.indexOf('\n', at);
    let folded = 0;
    while (lineFeed !== -1 && isBlank(bytes.charCodeAt(lineFeed + 1))) {
      folded = 1;
      lineFeed = bytes.indexOf('\n', lineFeed + 1);
    }
    const end = lineFeed === -1 ? bytes.length : endOfLine(bytes, lineFeed);
    if (lines.length >= limits.headers * LINE_FIELDS) {
      return wrong(at, ['SIP_PARSE_TOO_LARGE', `a message may have ${limits.headers} header lines`, 513]);
    }
    const isTooLong = end - at > limits.line;
    if ((isTooLong || !addLine(lines, bytes, at, end, folded)) && bad === undefined) {
      bad = isTooLong ? ['SIP_PARSE_TOO_LARGE', `a header may have ${limits.line} bytes`, 513] : NO_HEADER;
      badAt = at;
    }
    at = lineFeed === -1 ? bytes.length : lineFeed + 1;
  }
}

/** False when the line is no header. */
function addLine(lines: number[], bytes: string, from: number, end: number, folded: number): boolean {
  let nameEnd = from;
  while (nameEnd < end && isOf(TOKEN, bytes.charCodeAt(nameEnd))) nameEnd += 1;
  let colon = nameEnd;
  while (colon < end && isBlank(bytes.charCodeAt(colon))) colon += 1;
  if (nameEnd === from || colon >= end || bytes.charCodeAt(colon) !== COLON) return false;
  let valueStart = colon + 1;
  while (valueStart < end && isSpace(bytes.charCodeAt(valueStart))) valueStart += 1;
  let valueEnd = end;
  while (valueEnd > valueStart && isSpace(bytes.charCodeAt(valueEnd - 1))) valueEnd -= 1;
  if (hasStrayReturn(bytes, valueStart, valueEnd)) return false;
  lines.push(headerIdAt(bytes, from, nameEnd), from, valueStart, valueEnd, folded);
  return true;
}

/** A carriage return that ends no line here may end one for the next element: what is one header to us would be two to it. */
function hasStrayReturn(bytes: string, from: number, to: number): boolean {
  for (let at = bytes.indexOf('\r', from); at !== -1 && at < to; at = bytes.indexOf('\r', at + 1)) {
    if (bytes.charCodeAt(at + 1) !== LF) return true;
  }
  return false;
}

const endOfLine = (bytes: string, lineFeed: number): number =>
  (bytes.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed);

function afterEmptyLine(bytes: string, at: number): number {
  if (bytes.charCodeAt(at) === CR) return at + 2;
  return at < bytes.length && bytes.charCodeAt(at) === LF ? at + 1 : at;
}

/**
 * A refused request, when enough of it can be read to answer; a response is never answered. A Via of another version is
 * repeated like any other: the answer goes where the request came from.
 */
function answerable(bytes: string, index: MessageIndex, { method, uri, status }: StartLine): SipRequest | undefined {
  if (status !== 0 || method === 'ACK') return undefined;
  const request = new SipRequest(bytes, index, method, uri);
  return index.has(VIA) && request.callId !== '' ? request : undefined;
}

function refuse(
  code: SipParseErrorCode, message: string, offset: number, statusHint: number, partial?: SipRequest,
): Result<never, SipParseError> {
  const error = { code, message, offset, statusHint };
  return fail(partial === undefined ? error : { ...error, partial });
}
