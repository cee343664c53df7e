/** New messages, made as text and indexed like received ones. */
import { assert } from '#kernel';
import { NO_LIMITS } from '../parser/limits.js';
import { parseMessage } from '../parser/parse-message.js';
import { headerLine, oneLine } from './header-line.js';
import type { SipMessage, SipRequest, SipResponse } from './message.js';
import { reasonPhrase } from './reason-phrases.js';

export type HeaderLine = readonly [name: string, value: string];

export interface RequestParts {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly HeaderLine[];
  readonly contentType?: string;
  readonly body?: string;
}

export interface ResponseParts {
  /** Added to To unless it has one. */
  readonly toTag?: string;
  readonly headers?: readonly HeaderLine[];
  readonly contentType?: string;
  readonly body?: string;
}

export function makeRequest(parts: RequestParts): SipRequest {
  let text = `${parts.method} ${oneLine(parts.uri)} SIP/2.0\r\n`;
  for (const [name, value] of parts.headers) text += headerLine(name, value);
  return indexed(text + bodyPart(parts.contentType, parts.body)) as SipRequest;
}

/** Copies Via, From, To, Call-ID and CSeq; Record-Route for 101 to 299; Timestamp for 100 (RFC 3261 §8.2.6, §12.1.1). */
export function makeResponse(request: SipRequest, status: number, reason?: string, parts: ResponseParts = {}): SipResponse {
  let text = `SIP/2.0 ${status} ${reason === undefined ? reasonPhrase(status) : oneLine(reason)}\r\n`;
  for (const via of request.headers('Via')) text += `Via: ${via}\r\n`;
  if (status > 100 && status < 300) {
    for (const route of request.headers('Record-Route')) text += `Record-Route: ${route}\r\n`;
  }
  text += `From: ${request.header('From') ?? ''}\r\nTo: ${toWithTag(request, parts.toTag)}\r\n`;
  text += `Call-ID: ${request.callId}\r\nCSeq: ${request.header('CSeq') ?? ''}\r\n`;
  const timestamp = status === 100 ? request.header('Timestamp') : undefined;
  if (timestamp !== undefined) text += `Timestamp: ${timestamp}\r\n`;
  for (const [name, value] of parts.headers ?? []) text += headerLine(name, value);
  return indexed(text + bodyPart(parts.contentType, parts.body)) as SipResponse;
}

function toWithTag(request: SipRequest, tag: string | undefined): string {
  const to = request.header('To') ?? '';
  return tag === undefined || request.to.tag !== undefined ? to : `${to};tag=${tag}`;
}

function bodyPart(contentType: string | undefined, body = ''): string {
  const type = contentType === undefined ? '' : headerLine('Content-Type', contentType);
  return `${type}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function indexed(text: string): SipMessage {
  const parsed = parseMessage(text, NO_LIMITS);
  assert(parsed.ok, 'a message of our own cannot be read');
  return parsed.value;
}
