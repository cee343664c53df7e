/** Keeps secrets out of logs: by the name of a field wherever it stands, and inside SIP text. */

const SECRET_NAMES = new Set([
  'authorization', 'proxyauthorization', 'wwwauthenticate', 'proxyauthenticate', 'password', 'passphrase', 'secret', 'response',
  'nonce', 'token', 'sessiontoken', 'privatekey', 'userdata', 'attachdata', 'ha1',
]);
const HIDDEN = '[redacted]';
const DEPTH_MAX = 6;
const ITEMS_MAX = 100;

/** Credentials in header lines and digest parameters of a message that is logged as text (RFC 3261 §22.4). */
const HEADER_LINE = /^((?:proxy-)?authorization|(?:www|proxy)-authenticate)([ \t]*:[ \t]*).*(?:\r?\n[ \t].*)*/gim;
const DIGEST_PARAMETER = /\b(response|nonce|password|cnonce)(\s*=\s*)("[^"]*"|[^\s,;]+)/gi;

/** A copy without secrets; what holds none may be the same object. Too deep or too long parts are cut, and say so. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH_MAX) return '[too deep]';
  if (Array.isArray(value)) return redactList(value, depth);
  return redactRecord(value as Record<string, unknown>, depth);
}

export function redactText(text: string): string {
  if (!text.includes('=') && !text.includes(':')) return text;
  return text.replace(HEADER_LINE, `$1$2${HIDDEN}`).replace(DIGEST_PARAMETER, `$1$2${HIDDEN}`);
}

function redactList(list: readonly unknown[], depth: number): unknown[] {
  const copy = list.slice(0, ITEMS_MAX).map((item) => redact(item, depth + 1));
  if (list.length > ITEMS_MAX) copy.push(`[${list.length - ITEMS_MAX} more]`);
  return copy;
}

function redactRecord(record: Record<string, unknown>, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(record)) copy[key] = isSecret(key) ? HIDDEN : redact(record[key], depth + 1);
  return copy;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    ...(code === undefined ? {} : { code }),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(cause === undefined || depth >= DEPTH_MAX ? {} : { cause: redact(cause, depth + 1) }),
  };
}

/** `Proxy-Authorization`, `proxy_authorization` and `proxyAuthorization` are one name. */
function isSecret(key: string): boolean {
  return SECRET_NAMES.has(key.replace(/[-_]/g, '').toLowerCase());
}
