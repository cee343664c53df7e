/** Comma-separated lists, where commas inside quotes and angle brackets do not separate (RFC 3261 §7.3). */
import { trimmed } from './chars.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LEFT = 0x3c;
const RIGHT = 0x3e;
const COMMA = 0x2c;

/** Offset of the comma that ends the element starting at `from`, or the length of the text. */
export function elementEnd(text: string, from: number): number {
  const comma = text.indexOf(',', from);
  if (comma === -1) return text.length;
  const quote = text.indexOf('"', from);
  const left = text.indexOf('<', from);
  if ((quote === -1 || quote > comma) && (left === -1 || left > comma)) return comma;
  return scanElement(text, from);
}

function scanElement(text: string, from: number): number {
  let inQuotes = false;
  let inBrackets = false;
  for (let i = from; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (inQuotes) {
      if (char === BACKSLASH) i += 1;
      else if (char === QUOTE) inQuotes = false;
    } else if (char === QUOTE) {
      inQuotes = true;
    } else if (char === LEFT) {
      inBrackets = true;
    } else if (char === RIGHT) {
      inBrackets = false;
    } else if (char === COMMA && !inBrackets) {
      return i;
    }
  }
  return text.length;
}

/** The elements of one field value, trimmed; an empty element stays, so that a check can refuse it. */
export function splitList(value: string): string[] {
  const elements: string[] = [];
  for (let from = 0; from <= value.length;) {
    const end = elementEnd(value, from);
    elements.push(trimmed(value, from, end));
    from = end + 1;
  }
  return elements;
}
