/** Known header names as small numbers, so that a look-up compares integers (RFC 3261 §7.3.1, compact forms §7.3.3). */
import { isNameAt } from './chars.js';

const KNOWN = [
  'Via', 'From', 'To', 'Call-ID', 'CSeq', 'Contact', 'Max-Forwards', 'Route', 'Record-Route', 'Content-Length',
  'Content-Type', 'Content-Encoding', 'Content-Disposition', 'Content-Language', 'Expires', 'Min-Expires', 'Path',
  'Service-Route', 'Authorization', 'WWW-Authenticate', 'Proxy-Authorization', 'Proxy-Authenticate',
  'Authentication-Info', 'Require', 'Proxy-Require', 'Supported', 'Unsupported', 'Allow', 'Accept', 'Session-Expires',
  'Min-SE', 'RSeq', 'RAck', 'Replaces', 'Reason', 'Retry-After', 'Subscription-State', 'Event', 'Allow-Events',
  'Timestamp', 'User-Agent', 'Server', 'Subject', 'Date', 'Warning', 'Refer-To', 'Referred-By', 'Call-Info',
  'Alert-Info', 'P-Asserted-Identity', 'Privacy', 'Organization', 'MIME-Version', 'Accept-Encoding',
  'Accept-Language', 'In-Reply-To', 'Priority', 'Reply-To', 'Error-Info', 'X-Genesys-CallUUID', 'X-Genesys-Route',
  'X-Cordboard-Other-Bindings', 'X-Cordboard-Flow',
] as const;

const COMPACT: Readonly<Record<string, string>> = {
  a: 'Accept-Contact', b: 'Referred-By', c: 'Content-Type', d: 'Request-Disposition', e: 'Content-Encoding', f: 'From',
  i: 'Call-ID', j: 'Reject-Contact', k: 'Supported', l: 'Content-Length', m: 'Contact', o: 'Event', r: 'Refer-To',
  s: 'Subject', t: 'To', u: 'Allow-Events', v: 'Via', x: 'Session-Expires',
};

/** Number of a header that has none of its own; such headers are told apart by their spelling. */
export const UNKNOWN = 0;

const idByName = new Map<string, number>();
KNOWN.forEach((name, index) => {
  idByName.set(name, index + 1);
  idByName.set(name.toLowerCase(), index + 1);
});
for (const [compact, name] of Object.entries(COMPACT)) {
  const id = idByName.get(name);
  if (id === undefined) continue;
  idByName.set(compact, id);
  idByName.set(compact.toUpperCase(), id);
}

/** Names by length and first letter, in lower case: at most a handful must be compared. */
const buckets: (readonly { readonly id: number; readonly lower: string }[] | undefined)[] = [];
for (const [name, id] of idByName) {
  if (name !== name.toLowerCase()) continue;
  const key = bucketKey(name.length, name.charCodeAt(0));
  buckets[key] = [...(buckets[key] ?? []), { id, lower: name }];
}

/** Letters of both cases have the same low five bits. */
function bucketKey(length: number, firstCode: number): number {
  return length * 32 + (firstCode & 31);
}

/** The number of a name in any spelling, or {@link UNKNOWN}. */
export function headerId(name: string): number {
  return idByName.get(name) ?? headerIdAt(name, 0, name.length);
}

/** The same for a name that stands in a message, without cutting it out. */
export function headerIdAt(text: string, from: number, to: number): number {
  const bucket = buckets[bucketKey(to - from, text.charCodeAt(from))];
  if (bucket === undefined) return UNKNOWN;
  for (const { id, lower } of bucket) if (isNameAt(lower, text, from)) return id;
  return UNKNOWN;
}

/** The usual spelling of a known header. */
export function headerName(id: number): string {
  return KNOWN[id - 1] ?? '';
}

const required = (name: (typeof KNOWN)[number]): number => KNOWN.indexOf(name) + 1;

export const VIA = required('Via');
export const FROM = required('From');
export const TO = required('To');
export const CALL_ID = required('Call-ID');
export const CSEQ = required('CSeq');
export const CONTACT = required('Contact');
export const MAX_FORWARDS = required('Max-Forwards');
export const ROUTE = required('Route');
export const RECORD_ROUTE = required('Record-Route');
export const CONTENT_LENGTH = required('Content-Length');
export const CONTENT_TYPE = required('Content-Type');
export const EXPIRES = required('Expires');
