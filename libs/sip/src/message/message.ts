/**
 * A SIP message as indexed text: one scan finds the lines, everything else is decoded when it is asked for and kept.
 * Text is latin1, one character per byte, so that nothing is lost and splicing is slicing.
 */
import type { Result } from '#kernel';
import { parseDigits, trimmed } from '../headers/chars.js';
import { type CSeq, parseCSeq } from '../headers/cseq.js';
import { CALL_ID, CONTACT, CONTENT_TYPE, CSEQ, FROM, headerId, MAX_FORWARDS, RECORD_ROUTE, ROUTE, TO, UNKNOWN, VIA } from '../headers/header-names.js';
import { elementEnd, splitList } from '../headers/list.js';
import { NameAddr, parseNameAddr } from '../headers/name-addr.js';
import { NO_PARAMS } from '../headers/params.js';
import { parseVia, Via } from '../headers/via.js';
import type { SipParseError } from '../parser/error.js';
import { parseUri, type SipUri } from '../uri/uri.js';
import { MessageEdit } from './edit.js';
import type { MessageIndex } from './message-index.js';

export type SipMessage = SipRequest | SipResponse;

/** §20.22. */
export const MAX_FORWARDS_MAX = 255;

const FOLD = /\r?\n[ \t]+/g;

/** Elements of a list header that can be read, and what is wrong with the first that cannot. */
export interface Decoded<T> {
  readonly values: readonly T[];
  readonly problem: SipParseError | undefined;
}

/** What requests and responses share. Accessors that decode return a harmless empty value for what `checkMessage` refuses. */
abstract class MessageBase {
  #vias: Decoded<Via> | undefined;
  #topVia: Via | undefined;
  #from: Result<NameAddr, SipParseError> | undefined;
  #to: Result<NameAddr, SipParseError> | undefined;
  #cseq: Result<CSeq, SipParseError> | undefined;
  #contacts: Decoded<NameAddr> | undefined;
  #routes: Decoded<NameAddr> | undefined;
  #recordRoutes: Decoded<NameAddr> | undefined;
  #callId: string | undefined;

  constructor(
    /** As received; immutable. */
    readonly bytes: string,
    /** For the editor and the checks; not for others. */
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
    return (this.#callId ??= this.firstValue(CALL_ID));
  }

  get cseq(): CSeq {
    const decoded = this.decodedCseq;
    return decoded.ok ? decoded.value : NO_CSEQ;
  }

  get vias(): readonly Via[] {
    return this.decodedVias.values;
  }

  /** The other Vias stay undecoded until somebody asks for them. */
  get topVia(): Via {
    return (this.#topVia ??= this.#vias === undefined ? this.#decodeTopVia() : this.#vias.values[0] ?? NO_VIA);
  }

  get from(): NameAddr {
    const decoded = this.decodedFrom;
    return decoded.ok ? decoded.value : NO_NAME_ADDR;
  }

  get to(): NameAddr {
    const decoded = this.decodedTo;
    return decoded.ok ? decoded.value : NO_NAME_ADDR;
  }

  /** Contacts that can be read; empty for `*`. */
  get contacts(): readonly NameAddr[] {
    return this.decodedContacts.values;
  }

  get isStarContact(): boolean {
    return this.firstValue(CONTACT) === '*';
  }

  get routes(): readonly NameAddr[] {
    return this.decodedRoutes.values;
  }

  get recordRoutes(): readonly NameAddr[] {
    return this.decodedRecordRoutes.values;
  }

  /** '' when there is none. */
  get body(): string {
    return this.bytes.slice(this.index.bodyStart, this.index.bodyEnd);
  }

  get contentType(): string | undefined {
    return this.index.has(CONTENT_TYPE) ? this.firstValue(CONTENT_TYPE) : undefined;
  }

  /** The message as it came, without what followed its body. */
  serialize(): string {
    return this.index.bodyEnd === this.bytes.length && this.index.start === 0
      ? this.bytes : this.bytes.slice(this.index.start, this.index.bodyEnd);
  }

  get decodedCseq(): Result<CSeq, SipParseError> {
    return (this.#cseq ??= parseCSeq(this.firstValue(CSEQ)));
  }

  get decodedFrom(): Result<NameAddr, SipParseError> {
    return (this.#from ??= parseNameAddr(this.firstValue(FROM)));
  }

  get decodedTo(): Result<NameAddr, SipParseError> {
    return (this.#to ??= parseNameAddr(this.firstValue(TO)));
  }

  get decodedVias(): Decoded<Via> {
    return (this.#vias ??= decodeList(this.values('Via'), parseVia));
  }

  get decodedContacts(): Decoded<NameAddr> {
    return (this.#contacts ??= this.isStarContact ? NOTHING : this.#nameAddrs(CONTACT, 'Contact'));
  }

  get decodedRoutes(): Decoded<NameAddr> {
    return (this.#routes ??= this.#nameAddrs(ROUTE, 'Route'));
  }

  get decodedRecordRoutes(): Decoded<NameAddr> {
    return (this.#recordRoutes ??= this.#nameAddrs(RECORD_ROUTE, 'Record-Route'));
  }

  /** The first field value of a known header by its number; '' when it is absent. */
  firstValue(id: number): string {
    const line = this.index.find(id, 0);
    return line === -1 ? '' : this.#value(line);
  }

  #value(line: number): string {
    const text = this.bytes.slice(this.index.valueStart(line), this.index.valueEnd(line));
    return this.index.isFolded(line) ? trimmed(text.replace(FOLD, ' ')) : text;
  }

  #decodeTopVia(): Via {
    const text = this.firstValue(VIA);
    const via = parseVia(trimmed(text, 0, elementEnd(text, 0)));
    return via.ok ? via.value : NO_VIA;
  }

  #nameAddrs(id: number, name: string): Decoded<NameAddr> {
    return this.index.has(id) ? decodeList(this.values(name), parseNameAddr) : NOTHING;
  }
}

const NOTHING: Decoded<never> = { values: [], problem: undefined };

function decodeList<T>(texts: readonly string[], parse: (text: string) => Result<T, SipParseError>): Decoded<T> {
  const values: T[] = [];
  let problem: SipParseError | undefined;
  for (const text of texts) {
    const decoded = parse(text);
    if (decoded.ok) values.push(decoded.value);
    else problem ??= decoded.error;
  }
  return { values, problem };
}

const NO_URI = parseUri('sip:invalid.invalid');
const NO_NAME_ADDR = new NameAddr('', '', (NO_URI as { value: SipUri }).value, NO_PARAMS);
const NO_CSEQ: CSeq = { seq: 0, method: '' };
const NO_VIA = new Via('', '', undefined, NO_PARAMS);

export class SipRequest extends MessageBase {
  readonly kind = 'request' as const;
  #requestUri: Result<SipUri, SipParseError> | undefined;

  constructor(bytes: string, index: MessageIndex, readonly method: string, readonly uri: string) {
    super(bytes, index);
  }

  /** Undefined when it cannot be read. */
  get requestUri(): SipUri | undefined {
    const decoded = this.decodedUri;
    return decoded.ok ? decoded.value : undefined;
  }

  get decodedUri(): Result<SipUri, SipParseError> {
    return (this.#requestUri ??= parseUri(this.uri));
  }

  /** Undefined when absent or out of range; a receiver then assumes 70. */
  get maxForwards(): number | undefined {
    const value = parseDigits(this.firstValue(MAX_FORWARDS), MAX_FORWARDS_MAX);
    return value === -1 ? undefined : value;
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
