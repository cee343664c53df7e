/** Character classes of RFC 3261 §25.1 as one table: a look-up per character instead of a regular expression per field. */

export const TOKEN = 1;
/** user: unreserved, user-unreserved and `%`; whether `%` starts an escape is looked at apart. Bytes above 127 are let through. */
export const USER = 2;
/** Names and IPv4 addresses; with the underscore that names in real networks have. */
export const HOST = 4;
/** What a URI may be made of at all: no space, no control character, no angle bracket. */
export const URI = 8;
export const DIGIT = 16;
export const UPPER = 32;
export const HEX = 64;
/** word: what a Call-ID is made of. */
export const WORD = 128;

const table = new Uint8Array(256);

function add(kind: number, characters: string): void {
  for (const character of characters) table[character.charCodeAt(0)]! |= kind;
}

const UPPERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DIGITS = '0123456789';
const ALPHANUM = UPPERS + UPPERS.toLowerCase() + DIGITS;
add(TOKEN, `${ALPHANUM}-.!%*_+\`'~`);
add(USER, `${ALPHANUM}-_.!~*'()&=+$,;?/#%`);
add(HOST, `${ALPHANUM}._-`);
add(WORD, `${ALPHANUM}-.!%*_+\`'~()<>:\\"/[]?{}`);
add(DIGIT, DIGITS);
add(UPPER, UPPERS);
add(HEX, `${DIGITS}abcdefABCDEF`);
for (let code = 0x21; code < 256; code += 1) {
  if (code !== 0x7f && code !== 0x3c && code !== 0x3e) table[code]! |= URI;
  if (code > 0x7f) table[code]! |= USER;
}

/** Whether a character code is of that kind. Codes above 255 are of none. */
export function isOf(kind: number, code: number): boolean {
  return ((table[code] as number) & kind) !== 0;
}

/** Whether all characters of `text` from `from` up to `to` are of that kind. */
export function allOf(kind: number, text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if (((table[text.charCodeAt(at)] as number) & kind) === 0) return false;
  return true;
}

/** The decimal number that `text` is from `from` up to `to`; -1 when it is none or above `max`. */
export function parseDigits(text: string, max: number, from = 0, to = text.length): number {
  if (from >= to) return -1;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return -1;
    value = value * 10 + code - 0x30;
    if (value > max) return -1;
  }
  return value;
}

/** Whether `lowerName`, in any case, stands in `text` at `from`. */
export function isNameAt(lowerName: string, text: string, from: number): boolean {
  for (let i = 0; i < lowerName.length; i += 1) {
    const code = text.charCodeAt(from + i);
    const wanted = lowerName.charCodeAt(i);
    if (code !== wanted && ((code | 0x20) !== wanted || !isOf(UPPER, code))) return false;
  }
  return true;
}

/** Lower case without a new string where there is nothing to lower. */
export function toLower(text: string): string {
  for (let at = 0; at < text.length; at += 1) if (isOf(UPPER, text.charCodeAt(at))) return text.toLowerCase();
  return text;
}

/** The text between `from` and `to` without white space round it. `trim` would also take 0xA0, which may be the end of a letter in UTF-8. */
export function trimmed(text: string, from = 0, to = text.length): string {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

export const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
export const isSpace = (code: number): boolean => code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
