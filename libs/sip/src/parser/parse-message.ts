/** Bytes to an indexed message: one pass over the lines, no header decoded. Never throws. */
import { fail, ok, type Result } from '#kernel';
import { CONTENT_LENGTH, headerId } from '../headers/header-names.js';
import { LINE_FIELDS, MessageIndex } from '../message/message-index.js';
import { type SipMessage, SipRequest, SipResponse } from '../message/message.js';
import type { SipParseError, SipParseErrorCode } from './error.js';
import { DEFAULT_LIMITS, type ParseLimits } from './limits.js';

const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HT = 0x09;

/** RFC 3261 §25.1 token. */
const TOKEN = /^[A-Za-z0-9\-.!%*_+`'~]+$/;
const STATUS_LINE = /^SIP\/2\.0 (\d{3})(?: ([^\r\n]*))?$/i;

/** What the start line says. `status` is 0 for a request. */
interface StartLine {
  readonly method: string;
  readonly uri: string;
  readonly uriStart: number;
  readonly status: number;
  readonly reason: string;
  /** A request is answered even when its start line is wrong, where enough of it can be read. */
  readonly problem?: readonly [SipParseErrorCode, string, number];
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
  const { lines, headersEnd, problem } = scanHeaders(bytes, lineFeed + 1, limits);
  const bodyStart = afterEmptyLine(bytes, headersEnd);
  const index = new MessageIndex(
    start, lines, headersEnd, bodyStart, bytes.length, startLine.uriStart, startLine.uriStart + startLine.uri.length,
  );
  const failure = problem ?? startLine.problem;
  if (failure !== undefined) {
    const [code, message, statusHint] = failure;
    return refuse(code, message, -1, statusHint, answerable(bytes, index, startLine));
  }
  return bounded(bytes, index, startLine, limits);
}

/** Cuts the body to its Content-Length. */
function bounded(bytes: string, index: MessageIndex, startLine: StartLine, limits: ParseLimits): Result<SipMessage, SipParseError> {
  const present = bytes.length - index.bodyStart;
  let length = present;
  const line = index.find(CONTENT_LENGTH, 0);
  if (line !== -1) {
    const text = bytes.slice(index.valueStart(line), index.valueEnd(line));
    length = /^\d{1,9}$/.test(text) ? Number(text) : -1;
    const message = length === -1 ? 'Content-Length must be a number' : 'the body is shorter than its Content-Length';
    if (length === -1 || length > present) {
      return refuse('SIP_PARSE_CONTENT_LENGTH', message, index.valueStart(line), 400, answerable(bytes, index, startLine));
    }
  }
  if (length > limits.body) {
    return refuse('SIP_PARSE_TOO_LARGE', `a body may have ${limits.body} bytes`, index.bodyStart, 513, answerable(bytes, index, startLine));
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

function parseStartLine(bytes: string, start: number, end: number): StartLine | undefined {
  if (bytes.startsWith('SIP/', start)) {
    const match = STATUS_LINE.exec(bytes.slice(start, end));
    if (match === null || Number(match[1]) < 100 || Number(match[1]) > 699) return undefined;
    return { method: '', uri: '', uriStart: 0, status: Number(match[1]), reason: match[2] ?? '' };
  }
  const first = bytes.indexOf(' ', start);
  if (first === -1 || first >= end) return undefined;
  const method = bytes.slice(start, first);
  if (!TOKEN.test(method)) return undefined;
  const last = bytes.lastIndexOf(' ', end - 1);
  const line = { method, uriStart: first + 1, status: 0, reason: '' };
  const version = bytes.slice(last + 1, end);
  if (version !== 'SIP/2.0' || last === first) return wrongEnd(bytes, end, line);
  const uri = bytes.slice(first + 1, last);
  if (!/[ \t<>]/.test(uri) && uri !== '') return { ...line, uri };
  return { ...line, uri, problem: ['SIP_PARSE_START_LINE', 'the Request-URI has white space or brackets, or is missing', 400] };
}

function wrongEnd(bytes: string, end: number, line: Omit<StartLine, 'uri'>): StartLine | undefined {
  const rest = bytes.slice(line.uriStart, end);
  if (/\bSIP\/2\.0\s*$/i.test(rest)) {
    // Versions compare without case (§7.1); white space after them is wrong.
    const uri = rest.replace(/\s+SIP\/2\.0\s*$/i, '');
    if (!/\s$/.test(rest) && !/[\s<>]/.test(uri)) return { ...line, uri };
    return { ...line, uri, problem: ['SIP_PARSE_START_LINE', 'the request line has superfluous white space', 400] };
  }
  const version = /\s(SIP\/\d+\.\d+)\s*$/i.exec(rest);
  if (version === null) return undefined;
  return { ...line, uri: rest.slice(0, version.index), problem: ['SIP_PARSE_VERSION', `${version[1]} is not served; use SIP/2.0`, 505] };
}

interface Scan {
  readonly lines: number[];
  readonly headersEnd: number;
  readonly problem?: readonly [SipParseErrorCode, string, number];
}

function scanHeaders(bytes: string, from: number, limits: ParseLimits): Scan {
  const lines: number[] = [];
  let at = from;
  for (;;) {
    const char = bytes.charCodeAt(at);
    if (char === CR || char === LF) return { lines, headersEnd: at };
    if (at >= bytes.length) return { lines, headersEnd: at, problem: ['SIP_PARSE_HEADERS_END', 'an empty line must end the headers', 400] };
    const lineStart = at;
    let lineFeed = bytes.indexOf('\n', at);
    let folded = 0;
    while (lineFeed !== -1 && isBlank(bytes.charCodeAt(lineFeed + 1))) {
      folded = 1;
      lineFeed = bytes.indexOf('\n', lineFeed + 1);
    }
    const end = lineFeed === -1 ? bytes.length : endOfLine(bytes, lineFeed);
    at = lineFeed === -1 ? bytes.length : lineFeed + 1;
    if (end - lineStart > limits.line) {
      return { lines, headersEnd: lineStart, problem: ['SIP_PARSE_TOO_LARGE', `a header may have ${limits.line} bytes`, 513] };
    }
    const colon = bytes.indexOf(':', lineStart);
    let nameEnd = colon;
    while (nameEnd > lineStart && isBlank(bytes.charCodeAt(nameEnd - 1))) nameEnd -= 1;
    if (colon === -1 || colon > end || nameEnd === lineStart) {
      return { lines, headersEnd: lineStart, problem: ['SIP_PARSE_HEADER_LINE', 'a header line must be Name: value', 400] };
    }
    let valueStart = colon + 1;
    while (valueStart < end && isSpace(bytes.charCodeAt(valueStart))) valueStart += 1;
    let valueEnd = end;
    while (valueEnd > valueStart && isSpace(bytes.charCodeAt(valueEnd - 1))) valueEnd -= 1;
    lines.push(headerId(bytes.slice(lineStart, nameEnd)), lineStart, valueStart, valueEnd, folded);
    if (lines.length > limits.headers * LINE_FIELDS) {
      return { lines, headersEnd: at, problem: ['SIP_PARSE_TOO_LARGE', `a message may have ${limits.headers} header lines`, 513] };
    }
  }
}

const isBlank = (char: number): boolean => char === SP || char === HT;
const isSpace = (char: number): boolean => char === SP || char === HT || char === CR || char === LF;

const endOfLine = (bytes: string, lineFeed: number): number =>
  (bytes.charCodeAt(lineFeed - 1) === CR ? lineFeed - 1 : lineFeed);

function afterEmptyLine(bytes: string, at: number): number {
  if (bytes.charCodeAt(at) === CR && bytes.charCodeAt(at + 1) === LF) return at + 2;
  return at < bytes.length && (bytes.charCodeAt(at) === LF || bytes.charCodeAt(at) === CR) ? at + 1 : at;
}

/** A refused request, when enough of it can be read to answer; a response is never answered. */
function answerable(bytes: string, index: MessageIndex, { method, uri, status }: StartLine): SipRequest | undefined {
  if (status !== 0 || method === 'ACK') return undefined;
  const request = new SipRequest(bytes, index, method, uri);
  return request.vias.length > 0 && request.callId !== '' ? request : undefined;
}

function refuse(
  code: SipParseErrorCode, message: string, offset: number, statusHint: number, partial?: SipRequest,
): Result<never, SipParseError> {
  const error = { code, message, offset, statusHint };
  return fail(partial === undefined ? error : { ...error, partial });
}
