/** Changes to a message as splices: lines that nobody touches are copied as one piece, byte for byte. */
import { trimmed } from '../headers/chars.js';
import { headerId, UNKNOWN } from '../headers/header-names.js';
import { elementEnd } from '../headers/list.js';
import { NO_LIMITS } from '../parser/limits.js';
import { parseMessage } from '../parser/parse-message.js';
import { headerLine, oneLine } from './header-line.js';
import type { SipMessage, SipRequest, SipResponse } from './message.js';

/** A line that the message did not have, or has in another form. */
interface NewLine {
  readonly id: number;
  readonly name: string;
  readonly value: string;
}

/** A line of the result: the number of an original line, or a new one. */
type Line = number | NewLine;

const FOLD = /\r?\n[ \t]+/g;

export class MessageEdit<M extends SipRequest | SipResponse> {
  readonly #lines: Line[] = [];
  #uri: string | undefined;
  #body: string | undefined;

  constructor(private readonly message: M) {
    const { size } = message.index;
    for (let line = 0; line < size; line += 1) this.#lines.push(line);
  }

  /** Sets the Request-URI. */
  uri(text: string): this {
    this.#uri = oneLine(text);
    return this;
  }

  /** Adds above the first of that name, or at the top. */
  prepend(name: string, value: string): this {
    const id = headerId(name);
    const at = this.#find(id, name, 0);
    this.#lines.splice(at === -1 ? 0 : at, 0, { id, name, value });
    return this;
  }

  /** Adds at the end. */
  append(name: string, value: string): this {
    this.#lines.push({ id: headerId(name), name, value });
    return this;
  }

  /** Puts one line in place of all lines of that name; appends when there is none. */
  replace(name: string, value: string): this {
    const id = headerId(name);
    const at = this.#find(id, name, 0);
    if (at === -1) return this.append(name, value);
    this.#lines[at] = { id, name, value };
    return this.#removeFrom(id, name, at + 1);
  }

  remove(name: string): this {
    return this.#removeFrom(headerId(name), name, 0);
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
    const lines = this.#lines;
    let text = this.#startLine();
    for (let at = 0; at < lines.length;) {
      const line = lines[at] as Line;
      at += 1;
      if (typeof line !== 'number') {
        text += headerLine(line.name, line.value);
        continue;
      }
      let last = line;
      for (; lines[at] === last + 1; at += 1) last += 1;
      text += bytes.slice(index.lineStart(line), index.lineEnd(last));
    }
    return `${text}\r\n${this.#body ?? this.message.body}`;
  }

  /** The edited message, indexed anew. */
  build(): M {
    const parsed = parseMessage(this.serialize(), NO_LIMITS);
    if (!parsed.ok) throw new TypeError(`an edit made a message that cannot be read: ${parsed.error.message}`);
    return parsed.value as SipMessage as M;
  }

  #startLine(): string {
    const { bytes, index } = this.message;
    const end = index.size > 0 ? index.lineStart(0) : index.headersEnd;
    if (this.#uri === undefined) return bytes.slice(index.start, end);
    return bytes.slice(index.start, index.uriStart) + this.#uri + bytes.slice(index.uriEnd, end);
  }

  #find(id: number, name: string, from: number): number {
    const lines = this.#lines;
    for (let at = from; at < lines.length; at += 1) if (this.#is(lines[at] as Line, id, name)) return at;
    return -1;
  }

  #is(line: Line, id: number, name: string): boolean {
    if (typeof line !== 'number') return line.id === id && (id !== UNKNOWN || isSameName(line.name, name));
    const { index, bytes } = this.message;
    return index.id(line) === id && (id !== UNKNOWN || isSameName(index.nameOf(bytes, line), name));
  }

  #removeFrom(id: number, name: string, from: number): this {
    for (let at = this.#find(id, name, from); at !== -1; at = this.#find(id, name, at)) this.#lines.splice(at, 1);
    return this;
  }

  #spliceFirst(name: string, replacement: string | undefined): this {
    const id = headerId(name);
    const at = this.#find(id, name, 0);
    if (at === -1) return this;
    const value = this.#valueOf(this.#lines[at] as Line);
    const end = elementEnd(value, 0);
    const rest = end === value.length ? undefined : trimmed(value, end + 1);
    const parts = [replacement, rest].filter((part) => part !== undefined);
    if (parts.length === 0) this.#lines.splice(at, 1);
    else this.#lines[at] = { id, name, value: parts.join(', ') };
    return this;
  }

  #valueOf(line: Line): string {
    if (typeof line !== 'number') return line.value;
    const { bytes, index } = this.message;
    const text = bytes.slice(index.valueStart(line), index.valueEnd(line));
    return index.isFolded(line) ? text.replace(FOLD, ' ') : text;
  }
}

function isSameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase();
}
