/** Changes to a message as splices: lines that nobody touches are copied as one piece, byte for byte. */
import { headerId, UNKNOWN } from '../headers/header-names.js';
import { elementEnd } from '../headers/list.js';
import { parseMessage } from '../parser/parse-message.js';
import type { SipMessage, SipRequest, SipResponse } from './message.js';

/** A line of the result: the number of an original line, or new text with its line end. */
type Line = number | string;

export class MessageEdit<M extends SipRequest | SipResponse> {
  readonly #lines: Line[];
  #uri: string | undefined;
  #body: string | undefined;

  constructor(private readonly message: M) {
    this.#lines = Array.from({ length: message.index.size }, (_, line) => line);
  }

  /** Sets the Request-URI. */
  uri(text: string): this {
    this.#uri = text;
    return this;
  }

  /** Adds above the first of that name, or at the top. */
  prepend(name: string, value: string): this {
    const at = this.#find(name, 0);
    this.#lines.splice(at === -1 ? 0 : at, 0, `${name}: ${value}\r\n`);
    return this;
  }

  /** Adds at the end. */
  append(name: string, value: string): this {
    this.#lines.push(`${name}: ${value}\r\n`);
    return this;
  }

  /** Puts one line in place of all lines of that name; appends when there is none. */
  replace(name: string, value: string): this {
    const at = this.#find(name, 0);
    if (at === -1) return this.append(name, value);
    this.#lines[at] = `${name}: ${value}\r\n`;
    return this.#removeFrom(name, at + 1);
  }

  remove(name: string): this {
    return this.#removeFrom(name, 0);
  }

  /** Removes the first element of a list header, such as the top Via or Route. */
  removeFirst(name: string): this {
    return this.#spliceFirst(name, undefined);
  }

  /** Puts `value` in place of the first element of a list header. */
  replaceFirst(name: string, value: string): this {
    return this.#spliceFirst(name, value);
  }

  /** Sets the body with Content-Type and Content-Length; two empty texts remove it. */
  body(contentType: string, text: string): this {
    this.#body = text;
    if (contentType === '') this.remove('Content-Type');
    else this.replace('Content-Type', contentType);
    return this.replace('Content-Length', String(text.length));
  }

  serialize(): string {
    const { bytes, index } = this.message;
    let text = this.#startLine();
    for (let i = 0; i < this.#lines.length;) {
      const line = this.#lines[i] as Line;
      if (typeof line === 'string') {
        text += line;
        i += 1;
        continue;
      }
      let last = line;
      for (i += 1; this.#lines[i] === last + 1; i += 1) last += 1;
      text += bytes.slice(index.lineStart(line), index.lineEnd(last));
    }
    return `${text}\r\n${this.#body ?? bytes.slice(index.bodyStart, index.bodyEnd)}`;
  }

  /** The edited message, indexed anew. */
  build(): M {
    const parsed = parseMessage(this.serialize());
    if (!parsed.ok) throw new TypeError(`an edit made a message that cannot be read: ${parsed.error.message}`);
    return parsed.value as SipMessage as M;
  }

  #startLine(): string {
    const { bytes, index } = this.message;
    const end = index.size > 0 ? index.lineStart(0) : index.headersEnd;
    if (this.#uri === undefined) return bytes.slice(index.start, end);
    return bytes.slice(index.start, index.uriStart) + this.#uri + bytes.slice(index.uriEnd, end);
  }

  #find(name: string, from: number): number {
    const id = headerId(name);
    for (let i = from; i < this.#lines.length; i += 1) if (this.#is(this.#lines[i] as Line, id, name)) return i;
    return -1;
  }

  #is(line: Line, id: number, name: string): boolean {
    if (typeof line === 'number') {
      if (this.message.index.id(line) !== id) return false;
      return id !== UNKNOWN || this.message.index.nameOf(this.message.bytes, line).toLowerCase() === name.toLowerCase();
    }
    const own = line.slice(0, line.indexOf(':'));
    return own === name || (id !== UNKNOWN ? headerId(own) === id : own.toLowerCase() === name.toLowerCase());
  }

  #removeFrom(name: string, from: number): this {
    for (let at = this.#find(name, from); at !== -1; at = this.#find(name, at)) this.#lines.splice(at, 1);
    return this;
  }

  #spliceFirst(name: string, replacement: string | undefined): this {
    const at = this.#find(name, 0);
    if (at === -1) return this;
    const value = this.#valueOf(this.#lines[at] as Line);
    const end = elementEnd(value, 0);
    const rest = end === value.length ? undefined : value.slice(end + 1).trimStart();
    const parts = [replacement, rest].filter((part) => part !== undefined);
    if (parts.length === 0) this.#lines.splice(at, 1);
    else this.#lines[at] = `${name}: ${parts.join(', ')}\r\n`;
    return this;
  }

  #valueOf(line: Line): string {
    if (typeof line === 'string') return line.slice(line.indexOf(':') + 1, -2).trim();
    const { bytes, index } = this.message;
    const text = bytes.slice(index.valueStart(line), index.valueEnd(line));
    return index.isFolded(line) ? text.replace(/\r?\n[ \t]+/g, ' ') : text;
  }
}
