/**
 * A SIP message as indexed text: one scan finds the lines, everything else is decoded when it is asked for and kept.
 * Text is latin1, one character per byte, so that nothing is lost and splicing is slicing.
 */
import { type CSeq, parseCSeq } from '../headers/cseq.js';
import { CALL_ID, CONTACT, CONTENT_TYPE, CSEQ, FROM, headerId, MAX_FORWARDS, RECORD_ROUTE, ROUTE, TO, UNKNOWN } from '../headers/header-names.js';
import { splitList } from '../headers/list.js';
import { NameAddr, parseNameAddr } from '../headers/name-addr.js';
import { NO_PARAMS } from '../headers/params.js';
import { parseVia, Via } from '../headers/via.js';
import { parseUri, SipUri } from '../uri/uri.js';
import { MessageEdit } from './edit.js';
import type { MessageIndex } from './message-index.js';

export type SipMessage = SipRequest | SipResponse;

const FOLD = /\r?\n[ \t]+/g;

/** What requests and responses share. Accessors that decode return a harmless empty value for what {@link checkMessage} refuses. */
abstract class MessageBase {
  #vias: Via[] | undefined;
  #from: NameAddr | undefined;
  #to: NameAddr | undefined;
  #cseq: CSeq | undefined;
  #contacts: NameAddr[] | undefined;
  #callId: string | undefined;

  constructor(
    /** As received; immutable. */
    readonly bytes: string,
    /** For the editor; not for others. */
    readonly index: MessageIndex,
  ) {}

  /** The first field value of that name, unfolded and trimmed; any case, compact form included. */
  header(name: string): string | undefined {
    const id = headerId(name);
    const line = id === UNKNOWN ? this.index.findUnknown(this.bytes, name, 0) : this.index.find(id, 0);
    return line === -1 ? undefined : this.#value(line);
  }

  /** Every field line of that name, in order. */
  headers(name: string): string[] {
    const id = headerId(name);
    const values: string[] = [];
    for (let line = 0; ; line += 1) {
      line = id === UNKNOWN ? this.index.findUnknown(this.bytes, name, line) : this.index.find(id, line);
      if (line === -1) return values;
      values.push(this.#value(line));
    }
  }

  /** List elements over all lines of that name. */
  values(name: string): string[] {
    const lines = this.headers(name);
    return lines.length === 1 && !(lines[0] as string).includes(',') ? lines : lines.flatMap(splitList);
  }

  get callId(): string {
    return (this.#callId ??= this.#first(CALL_ID));
  }

  get cseq(): CSeq {
    if (this.#cseq === undefined) {
      const parsed = parseCSeq(this.#first(CSEQ));
      this.#cseq = parsed.ok ? parsed.value : { seq: 0, method: '' };
    }
    return this.#cseq;
  }

  get vias(): readonly Via[] {
    if (this.#vias === undefined) {
      this.#vias = [];
      for (const text of this.values('Via')) {
        const via = parseVia(text);
        if (via.ok) this.#vias.push(via.value);
      }
    }
    return this.#vias;
  }

  get topVia(): Via {
    return this.vias[0] ?? NO_VIA;
  }

  get from(): NameAddr {
    return (this.#from ??= this.#nameAddr(FROM));
  }

  get to(): NameAddr {
    return (this.#to ??= this.#nameAddr(TO));
  }

  /** Contacts that can be read; empty for `*`. */
  get contacts(): readonly NameAddr[] {
    return (this.#contacts ??= this.isStarContact ? [] : this.#nameAddrs(CONTACT, 'Contact'));
  }

  get isStarContact(): boolean {
    return this.#first(CONTACT) === '*';
  }

  get routes(): readonly NameAddr[] {
    return this.#nameAddrs(ROUTE, 'Route');
  }

  get recordRoutes(): readonly NameAddr[] {
    return this.#nameAddrs(RECORD_ROUTE, 'Record-Route');
  }

  /** '' when there is none. */
  get body(): string {
    return this.bytes.slice(this.index.bodyStart, this.index.bodyEnd);
  }

  get contentType(): string | undefined {
    const line = this.index.find(CONTENT_TYPE, 0);
    return line === -1 ? undefined : this.#value(line);
  }

  /** How often a known header stands there, lines counted. */
  count(id: number): number {
    return this.index.count(id);
  }

  /** The message as it came, without what followed its body. */
  serialize(): string {
    return this.index.bodyEnd === this.bytes.length && this.index.start === 0
      ? this.bytes : this.bytes.slice(this.index.start, this.index.bodyEnd);
  }

  #first(id: number): string {
    const line = this.index.find(id, 0);
    return line === -1 ? '' : this.#value(line);
  }

  #value(line: number): string {
    const text = this.bytes.slice(this.index.valueStart(line), this.index.valueEnd(line));
    return this.index.isFolded(line) ? text.replace(FOLD, ' ').trim() : text;
  }

  #nameAddr(id: number): NameAddr {
    const parsed = parseNameAddr(this.#first(id));
    return parsed.ok ? parsed.value : NO_NAME_ADDR;
  }

  #nameAddrs(id: number, name: string): NameAddr[] {
    if (this.index.find(id, 0) === -1) return [];
    const decoded: NameAddr[] = [];
    for (const text of this.values(name)) {
      const parsed = parseNameAddr(text);
      if (parsed.ok) decoded.push(parsed.value);
    }
    return decoded;
  }
}

const NO_URI = parseUri('sip:invalid.invalid');
const NO_NAME_ADDR = new NameAddr('', '', (NO_URI as { value: SipUri }).value, NO_PARAMS);
const NO_VIA = new Via('', '', undefined, NO_PARAMS);

export class SipRequest extends MessageBase {
  readonly kind = 'request' as const;
  #requestUri: SipUri | undefined | null = null;

  constructor(bytes: string, index: MessageIndex, readonly method: string, readonly uri: string) {
    super(bytes, index);
  }

  /** Undefined when it cannot be read. */
  get requestUri(): SipUri | undefined {
    if (this.#requestUri === null) {
      const parsed = parseUri(this.uri);
      this.#requestUri = parsed.ok ? parsed.value : undefined;
    }
    return this.#requestUri;
  }

  /** Undefined when absent or out of range; a receiver then assumes 70. */
  get maxForwards(): number | undefined {
    if (this.count(MAX_FORWARDS) === 0) return undefined;
    const text = this.header('Max-Forwards') as string;
    return /^\d{1,10}$/.test(text) && Number(text) <= 255 ? Number(text) : undefined;
  }

  edit(): MessageEdit<SipRequest> {
    return new MessageEdit<SipRequest>(this);
  }
}

export class SipResponse extends MessageBase {
  readonly kind = 'response' as const;

  constructor(bytes: string, index: MessageIndex, readonly status: number, readonly reason: string) {
    super(bytes, index);
  }

  edit(): MessageEdit<SipResponse> {
    return new MessageEdit<SipResponse>(this);
  }
}
