/** Known header names as small numbers, so that a look-up compares integers (RFC 3261 §7.3.1, compact forms §7.3.3). */

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

/** The number of a name in any spelling, or {@link UNKNOWN}. */
export function headerId(name: string): number {
  return idByName.get(name) ?? idByName.get(name.toLowerCase()) ?? UNKNOWN;
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
