/**
 * Business data of a call as headers of an INVITE (SC-24, tlibrary §12.7): `X-Genesys-<key>: <value>`. Where the call goes decides, by
 * option `userdata-map-filter` of that trunk or device; without it nothing is told.
 */
import type { HeaderLine } from '#sip';
import type { KVList } from '#tlib';

export interface UserDataMap {
  /** `userdata-map-trans-prefix`. Configuration lets in names that cannot be another header of ours. */
  readonly prefix: string;
  /** `userdata-map-filter`: `*`, or names; a name may end with `*`. */
  readonly filter: readonly string[];
}

/** What the switch says by itself under the same prefix. */
const OWN = new Set(['calluuid', 'route', 'geo-location', 'strict-location', 'callinfo']);
const HEADERS_MAX = 100;
const LINE_MAX = 8_000;
const BYTES_MAX = 16_384;

/** In the list's order; `left` counts pairs that were wanted and do not fit, or are lists. */
export function userDataHeaders(userData: KVList, { prefix, filter }: UserDataMap): { headers: HeaderLine[]; left: number } {
  const headers: HeaderLine[] = [];
  let bytes = 0;
  let left = 0;
  for (const [key, value] of userData) {
    if (!wants(filter, key)) continue;
    const line: HeaderLine = [prefix + encoded(key, KEY_AS_IT_IS), typeof value === 'object' ? '' : encoded(String(value), VALUE_AS_IT_IS)];
    const size = line[0].length + line[1].length + 4;
    const fits = headers.length < HEADERS_MAX && size <= LINE_MAX && bytes + size <= BYTES_MAX;
    if (typeof value === 'object' || key === '' || OWN.has(key.toLowerCase()) || !fits) left += 1;
    else {
      headers.push(line);
      bytes += size;
    }
  }
  return { headers, left };
}

function wants(filter: readonly string[], key: string): boolean {
  return filter.some((name) => (name.endsWith('*') ? key.startsWith(name.slice(0, -1)) : name === key));
}

/** What RFC 3261 §25.1 lets stand in a token, without the sign of the encoding. */
const KEY_AS_IT_IS = /[A-Za-z0-9\-.!*_+`'~]/;
/** Visible ASCII that no parser of parameters or lists stumbles over. */
const VALUE_AS_IT_IS = /[A-Za-z0-9\-.!*_+~:/@#$&()]/;

/** Percent-encoding of the UTF-8 bytes (`sip-headers-encoded`): nothing that ends a line or a header gets through. */
function encoded(text: string, asItIs: RegExp): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte);
    out += byte < 0x80 && asItIs.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}
