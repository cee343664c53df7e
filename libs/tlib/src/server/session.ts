/** One client of a port, over one connection after another (tlib-protocol §2, §5). */
import { encodeEvent, timed } from '../codec/encode.js';
import type { TEvent } from '../message.js';
import type { EnumValue } from '../messages/enums.js';
import { type BacklogLimits, SessionBacklog } from '../session/backlog.js';

/** Where a session's lines go; undefined while the client is away. */
export interface LineSink {
  write(line: string): void;
}

export interface SessionIdentity {
  readonly id: string;
  /** What the client resumes with. A secret: never logged. */
  readonly token: string;
  readonly applicationName: string;
  readonly clientRole: EnumValue<'ClientRole'>;
}

export class TlibSession {
  readonly id: string;
  readonly token: string;
  readonly applicationName: string;
  readonly clientRole: EnumValue<'ClientRole'>;
  readonly #backlog: SessionBacklog;
  #sequenceNumber = 0;
  #sink: LineSink | undefined;
  #filter: ReadonlySet<string> | undefined;
  /** When the connection was lost. */
  lostAtMs: number | undefined;

  constructor(identity: SessionIdentity, limits: BacklogLimits, private readonly nowMs: () => number) {
    this.id = identity.id;
    this.token = identity.token;
    this.applicationName = identity.applicationName;
    this.clientRole = identity.clientRole;
    this.#backlog = new SessionBacklog(limits);
  }

  get connected(): boolean {
    return this.#sink !== undefined;
  }

  get lastSequenceNumber(): number {
    return this.#sequenceNumber;
  }

  /** Names of the events wanted; undefined for all. Answers to requests always come. */
  set filter(names: readonly string[] | undefined) {
    this.#filter = names === undefined ? undefined : new Set(names);
  }

  /** Numbers the event and sends it; a client that is away gets it when it resumes. The event must not change afterwards. */
  send(event: TEvent, referenceID?: number): void {
    const nowMs = this.nowMs();
    this.sendAt(timed(event, nowMs), referenceID, nowMs);
  }

  /** {@link send} for many sessions at one time. */
  sendAt(event: TEvent, referenceID: number | undefined, nowMs: number): void {
    const answers = referenceID !== undefined || event['ReferenceID'] !== undefined;
    if (!answers && this.#filter !== undefined && !this.#filter.has(event.msg)) return;
    this.#sequenceNumber += 1;
    const line = encodeEvent(event, this.#sequenceNumber, referenceID);
    this.#backlog.add({ sequenceNumber: this.#sequenceNumber, referenceID, event, bytes: line.length, atMs: nowMs });
    this.#sink?.write(line);
  }

  error(referenceID: number | undefined, code: number, message: string, about: Readonly<Record<string, string>> = {}): void {
    this.send({ msg: 'EventError', ErrorCode: code, ErrorMessage: message, ...about }, referenceID);
  }

  /** The opening answer of a new session; its first event. */
  open(sink: LineSink, linkConnected: TEvent, referenceID: number | undefined): void {
    this.#sink = sink;
    this.lostAtMs = undefined;
    this.send(linkConnected, referenceID);
  }

  /** False when events after that number are no longer held; nothing was sent then. */
  resume(sink: LineSink, lastSequence: number, linkConnected: TEvent, referenceID: number | undefined): boolean {
    const missed = this.#backlog.after(lastSequence, this.#sequenceNumber, this.nowMs());
    if (missed === undefined) return false;
    this.#sink = sink;
    this.lostAtMs = undefined;
    // It repeats the client's own number: everything up to it is there, and the next one follows without a gap.
    sink.write(encodeEvent(timed(linkConnected, this.nowMs()), lastSequence, referenceID));
    for (const entry of missed) sink.write(encodeEvent(entry.event, entry.sequenceNumber, entry.referenceID));
    return true;
  }

  lost(nowMs: number): void {
    this.#sink = undefined;
    this.lostAtMs = nowMs;
  }
}
