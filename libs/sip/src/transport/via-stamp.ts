/**
 * Where a request really came from, written into its top Via: RFC 3261 §18.2.1 and RFC 3581 §4. Done on the text before
 * it is parsed, because that costs one splice and no second look at the message.
 */

export interface Source {
  readonly host: string;
  readonly port: number;
}

/**
 * When `received` and `rport` are written. `asked`: as the RFCs say. `always`: also when the sender did not ask for
 * `rport`, so that whoever gets the request next knows its source; responses still go where §18.2.2 says.
 */
export type StampPolicy = 'asked' | 'always';

export interface Stamped {
  readonly text: string;
  /** The port for responses when it is not the source port: the sender did not ask for `rport`. */
  readonly replyPort: number | undefined;
}

const RPORT = /;\s*rport\s*(?:=\s*[^;,\s]*)?/i;
const RPORT_ASKED = /;\s*rport\s*(?:;|$)/i;
const RECEIVED = /;\s*received\s*=\s*[^;,\s]*/i;
const SENT_BY = /^\s*SIP\s*\/\s*2\.0\s*\/\s*[^\s]+\s+(\[[^\]]*\]|[^\s:;,]+)\s*(?::\s*(\d+))?/i;
const DEFAULT_PORT = 5060;

/** One Via element with the source in it. A `received` or `rport` value of the sender's own making is not believed. */
export function stampVia(via: string, source: Source, policy: StampPolicy): Stamped {
  const asked = RPORT_ASKED.test(via);
  let text = via.includes('eceived') || via.includes('ECEIVED') ? via.replace(RECEIVED, '') : via;
  if (asked) {
    text = text.replace(RPORT, `;rport=${source.port};received=${source.host}`);
    return { text, replyPort: undefined };
  }
  const sentBy = SENT_BY.exec(text);
  const sentByHost = sentBy?.[1]?.replace(/^\[|\]$/g, '');
  const sentByPort = sentBy?.[2] === undefined ? DEFAULT_PORT : Number(sentBy[2]);
  const replyPort = sentBy === null || sentByPort === source.port ? undefined : sentByPort;
  if (policy === 'always') text = `${text.replace(RPORT, '')};rport=${source.port};received=${source.host}`;
  else if (sentByHost !== source.host) text += `;received=${source.host}`;
  return { text, replyPort };
}

/** The same for a whole message. Responses, and what has no Via, come back as they are. */
export function stampMessage(bytes: string, source: Source, policy: StampPolicy): Stamped {
  if (bytes.startsWith('SIP/')) return { text: bytes, replyPort: undefined };
  const from = topViaValue(bytes);
  if (from < 0) return { text: bytes, replyPort: undefined };
  const to = endOfElement(bytes, from);
  const { text, replyPort } = stampVia(bytes.slice(from, to), source, policy);
  return { text: bytes.slice(0, from) + text + bytes.slice(to), replyPort };
}

/** Where the value of the first Via line begins; -1 when the header section has none. */
function topViaValue(bytes: string): number {
  for (let line = bytes.indexOf('\n') + 1; line > 0 && line < bytes.length; line = bytes.indexOf('\n', line) + 1) {
    const first = bytes.charCodeAt(line);
    if (first === 13 || first === 10) return -1;
    if (first !== 86 && first !== 118) continue;
    const colon = bytes.indexOf(':', line);
    if (colon < 0 || colon - line > 16) continue;
    const name = bytes.slice(line, colon).trimEnd().toLowerCase();
    if (name === 'via' || name === 'v') return colon + 1;
  }
  return -1;
}

/** The end of the first list element: a comma outside quotes, or the end of the (folded) field, without trailing blanks. */
function endOfElement(bytes: string, from: number): number {
  let quoted = false;
  let at = from;
  for (; at < bytes.length; at += 1) {
    const char = bytes.charCodeAt(at);
    if (char === 34) quoted = !quoted;
    else if (char === 44 && !quoted) break;
    else if (char === 10 && !isFold(bytes, at + 1)) break;
  }
  while (at > from && isBlank(bytes.charCodeAt(at - 1))) at -= 1;
  return at;
}

function isFold(bytes: string, at: number): boolean {
  const char = bytes.charCodeAt(at);
  return char === 32 || char === 9;
}

function isBlank(char: number): boolean {
  return char === 32 || char === 9 || char === 13 || char === 10;
}
