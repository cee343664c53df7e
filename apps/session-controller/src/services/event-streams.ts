/**
 * Call events on their way to the owners of DNs: one numbered stream per DN that has a call here
 * (docs/specs/cluster-protocol.md, "Call events").
 */
import { type Bus, Outbox, type OutboxEffect, type OutboxInput, subjects } from '#cluster';
import { type Clock, type Counter, type Meter, type Timer, unreachable } from '#kernel';
import type { CallEventItem, CallView, DnCommand, ScCommand } from '#telephony';

export interface EventStreamPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Live calls of a DN at this moment: what a resync tells. */
  callsOf(dn: string): CallView[];
  /** The DN has a stream from now on, or has none any more. */
  kept(dn: string, kept: boolean): void;
}

interface Stream {
  readonly dn: string;
  readonly name: string;
  readonly subject: string;
  readonly outbox: Outbox<CallEventItem>;
  pending: CallEventItem[];
  timer: Timer | undefined;
  /** Of the owner that acknowledged last. */
  toldEpoch: number;
}

export class EventStreams {
  readonly #streams = new Map<string, Stream>();
  readonly #unflushed: Stream[] = [];
  readonly #effects: OutboxEffect<CallEventItem>[] = [];
  readonly #dropped: Counter;
  #started = 0;

  /** `incarnation` differs between two starts of the node, so that numbers of the one are never taken for the other's. */
  constructor(private readonly ports: EventStreamPorts, private readonly node: string, private readonly incarnation: string) {
    this.#dropped = ports.meter.counter('sc_call_events_dropped_total', 'Call events given up because no owner acknowledged them');
  }

  /** Streams that are kept: DNs with a call, or with something not yet acknowledged. */
  get size(): number {
    return this.#streams.size;
  }

  /** Adds an event; it leaves with the next `flush`, together with the others of the same input. */
  push(dn: string, item: CallEventItem): void {
    const stream = this.#streams.get(dn) ?? this.#open(dn);
    if (stream.pending.length === 0) this.#unflushed.push(stream);
    stream.pending.push(item);
  }

  flush(): void {
    for (let stream = this.#unflushed.shift(); stream !== undefined; stream = this.#unflushed.shift()) {
      const items = stream.pending;
      stream.pending = [];
      this.#run(stream, { kind: 'items', items, nowMs: this.ports.clock.nowMs() });
    }
  }

  acknowledged({ dn, stream: name, upTo, resync, epoch = 0 }: Omit<Extract<ScCommand, { readonly kind: 'ack' }>, 'kind'>): void {
    const stream = this.#streams.get(dn);
    const nowMs = this.ports.clock.nowMs();
    if (stream?.name === name) {
      if (!resync) stream.toldEpoch = epoch;
      return this.#run(stream, { kind: 'ack', upTo, resync, nowMs });
    }
    // Who asks about a stream that is forgotten may still have calls of it: the picture says which of them there are.
    if (resync) this.#run(stream ?? this.#open(dn), { kind: 'resync', nowMs });
  }

  /** Somebody took the DN over: he gets the whole picture without asking. Claims are said again: an owner that acknowledges what is said has it. */
  claimed(dn: string, epoch: number): void {
    const stream = this.#streams.get(dn);
    if (stream === undefined || (stream.toldEpoch >= epoch && stream.outbox.state !== 'Lost')) return;
    this.#run(stream, { kind: 'resync', nowMs: this.ports.clock.nowMs() });
  }

  /** What the owner knows of the DN's calls was told by another process: it gets the whole picture, which may be that there are none. */
  resync(dn: string): void {
    const stream = this.#streams.get(dn) ?? this.#open(dn);
    this.#run(stream, { kind: 'resync', nowMs: this.ports.clock.nowMs() });
  }

  /** The DN's last call here ended: the stream goes as soon as everything is acknowledged. */
  lastCallEnded(dn: string): void {
    const stream = this.#streams.get(dn);
    if (stream !== undefined) this.#forgetIfDone(stream);
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.timer?.cancel();
    this.#streams.clear();
  }

  #open(dn: string): Stream {
    this.#started += 1;
    const stream: Stream = {
      dn, name: `${this.node}/${this.incarnation}/${this.#started}`, subject: subjects.dnCommand(dn),
      outbox: new Outbox<CallEventItem>(), pending: [], timer: undefined, toldEpoch: 0,
    };
    this.#streams.set(dn, stream);
    this.ports.kept(dn, true);
    return stream;
  }

  #run(stream: Stream, input: OutboxInput<CallEventItem>): void {
    stream.outbox.on(input, this.#effects);
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) {
      this.#perform(stream, effect);
    }
    this.#forgetIfDone(stream);
  }

  #perform(stream: Stream, effect: OutboxEffect<CallEventItem>): void {
    switch (effect.kind) {
      case 'frame':
        return this.#publish(stream, {
          kind: 'frame', node: this.node, stream: stream.name, seq: effect.seq, items: effect.items,
        });
      case 'resync':
        return this.#publish(stream, {
          kind: 'resync', node: this.node, stream: stream.name, seq: effect.seq, calls: this.ports.callsOf(stream.dn),
        });
      case 'setTimer':
        stream.timer?.cancel();
        stream.timer = this.ports.clock.setTimer(effect.delayMs, () => this.#run(stream, {
          kind: 'timer', nowMs: this.ports.clock.nowMs(),
        }));
        return;
      case 'cancelTimer': return stream.timer?.cancel();
      case 'dropped': return this.#dropped.add(effect.count);
      default: return unreachable(effect);
    }
  }

  #publish(stream: Stream, command: DnCommand): void {
    this.ports.bus.publish(stream.subject, command);
  }

  #forgetIfDone(stream: Stream): void {
    const { state } = stream.outbox;
    if (state !== 'Idle' && state !== 'Lost') return;
    if (stream.pending.length > 0 || this.ports.callsOf(stream.dn).length > 0) return;
    stream.timer?.cancel();
    this.#streams.delete(stream.dn);
    this.ports.kept(stream.dn, false);
  }
}
