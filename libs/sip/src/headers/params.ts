/** `;name=value` parameters of URIs and header fields, in order, read on demand. */
import { isNameAt, isSpace, trimmed } from './chars.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;

/** Parameters as they stand in the message; names compare without case (RFC 3261 §7.3.1). */
export class Params {
  #entries: [name: string, value: string | undefined][] | undefined;

  /** `text` starts at the first semicolon, or is empty. */
  constructor(readonly text: string) {}

  /**
   * The value, '' for a parameter without one, undefined when it is absent. Quotes are kept.
   *
   * @param name in lower case
   */
  get(name: string): string | undefined {
    if (this.text === '') return undefined;
    if (this.#entries === undefined && !this.text.includes('"')) return findPlain(this.text, name);
    for (const [key, value] of this.entries()) if (key === name) return value ?? '';
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Names in lower case. */
  entries(): readonly (readonly [name: string, value: string | undefined])[] {
    return (this.#entries ??= parseEntries(this.text));
  }
}

export const NO_PARAMS = new Params('');

/** Looks for one parameter where no quotes hide semicolons: nothing is cut out but the value. */
function findPlain(text: string, name: string): string | undefined {
  for (let from = text.indexOf(';'); from !== -1;) {
    const next = text.indexOf(';', from + 1);
    const value = valueIfNamed(name, text, from + 1, next === -1 ? text.length : next);
    if (value !== undefined) return value;
    from = next;
  }
  return undefined;
}

function valueIfNamed(name: string, text: string, from: number, end: number): string | undefined {
  let at = from;
  while (at < end && isSpace(text.charCodeAt(at))) at += 1;
  if (end - at < name.length || !isNameAt(name, text, at)) return undefined;
  at += name.length;
  while (at < end && isSpace(text.charCodeAt(at))) at += 1;
  if (at === end) return '';
  return text.charCodeAt(at) === EQUALS ? trimmed(text, at + 1, end) : undefined;
}

function parseEntries(text: string): [string, string | undefined][] {
  const entries: [string, string | undefined][] = [];
  for (let from = text.indexOf(';'); from !== -1 && from < text.length;) {
    const { equals, end } = scanParameter(text, from + 1);
    const name = trimmed(text, from + 1, equals === -1 ? end : equals).toLowerCase();
    const value = equals === -1 ? undefined : trimmed(text, equals + 1, end);
    if (name !== '') entries.push([name, value]);
    from = end;
  }
  return entries;
}

/** Semicolons inside a quoted value do not end the parameter. */
function scanParameter(text: string, from: number): { equals: number; end: number } {
  let equals = -1;
  let inQuotes = false;
  for (let i = from; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (inQuotes) {
      if (char === BACKSLASH) i += 1;
      else if (char === QUOTE) inQuotes = false;
    } else if (char === QUOTE) {
      inQuotes = true;
    } else if (char === EQUALS && equals === -1) {
      equals = i;
    } else if (char === SEMICOLON) {
      return { equals, end: i };
    }
  }
  return { equals, end: text.length };
}

/** The text of a quoted string, or the token itself. */
export function unquote(text: string): string {
  if (text.length < 2 || text.charCodeAt(0) !== QUOTE || text.charCodeAt(text.length - 1) !== QUOTE) return text;
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}

export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
