/** Call events of SCs for one owned DN: an inbox per stream (docs/specs/streams.md). */
import { type Bus, Inbox, type InboxEffect, type InboxInput, subjects } from '#cluster';
import { type Clock, type Timer, unreachable } from '#kernel';
import type { CallEventItem, CallView, DnCommand, ScCommand } from '#telephony';

export interface CallStreamEvents {
  onItem(node: string, item: CallEventItem): void;
  onPicture(node: string, calls: readonly CallView[]): void;
}

interface Stream {
  readonly node: string;
  readonly name: string;
  inbox: Inbox<CallEventItem, readonly CallView[]>;
  timer: Timer | undefined;
  /** The node was lost, and its calls with it; how often it was asked for them since it is back. */
  lost: { asked: number } | undefined;
}

/** A node that is back is asked again while it says nothing: the question may be lost, or there is no call left. */
const ASK_EVERY_MS = 1_000;
const ASKS_MAX = 5;

/** No session controller has a stream of this name. */
const UNKNOWN_STREAM = '';

type Input = InboxInput<CallEventItem, readonly CallView[]>;

export class CallStreams {
  /** Absent until the first call. */
  #streams: Map<string, Stream> | undefined;
  /** Nodes that must tell their calls anew, and since when: they, or this owner, went on from the other half of a pair. */
  #doubtful: Map<string, number> | undefined;

  /** `tookOver`: another owner may have applied what it did not acknowledge, so each stream begins with a picture. */
  constructor(
    private readonly dn: string, private readonly epoch: number, private readonly tookOver: boolean,
    private readonly ports: { readonly bus: Bus; readonly clock: Clock }, private readonly events: CallStreamEvents,
  ) {}

  heard(command: Extract<DnCommand, { readonly kind: 'frame' | 'resync' }>): void {
    const nowMs = this.ports.clock.nowMs();
    const { node, stream: name, seq } = command;
    const stream = this.#streams?.get(name) ?? this.#open(node, name, nowMs);
    if (command.kind === 'resync') this.#pictured(node);
    if (command.kind === 'frame') this.#run(stream, { kind: 'frame', seq, items: command.items, nowMs });
    else this.#run(stream, { kind: 'resync', seq, picture: command.calls, nowMs });
  }

  has(node: string): boolean {
    return this.#of(node).length > 0;
  }

  /** The node is not heard any more: whatever its streams say next begins with a picture. */
  lost(node: string): void {
    for (const stream of this.#of(node)) {
      stream.timer?.cancel();
      stream.inbox = new Inbox(false, this.ports.clock.nowMs());
      stream.lost = { asked: 0 };
    }
  }

  /**
   * What the node's streams say next begins with a picture, also that of a stream not heard before. A session controller that goes on, or hears the
   * claim of an owner that does, sends it unasked: it is asked for what has not come after a while.
   */
  doubt(node: string): void {
    this.#doubtful ??= new Map();
    this.#doubtful.set(node, this.ports.clock.nowMs());
    this.lost(node);
    this.expect(node);
    for (const stream of this.#of(node)) this.#askLater(stream);
  }

  /** Nodes in doubt since then or longer, which told no calls; they are not in doubt any more. */
  endDoubts(sinceMs: number): string[] {
    const ended = [...this.#doubtful ?? []].filter(([, atMs]) => atMs <= sinceMs).map(([node]) => node);
    for (const node of ended) this.#doubtful?.delete(node);
    return ended;
  }

  /** Calls of it are known, but no stream may be: whoever answers does so with a picture. */
  expect(node: string): void {
    if (this.#of(node).length > 0) return;
    const stream = this.#open(node, UNKNOWN_STREAM, this.ports.clock.nowMs());
    stream.lost = { asked: 0 };
  }

  /** It is heard again, perhaps with calls that go on without an event. */
  back(node: string): void {
    for (const stream of this.#of(node)) this.#ask(stream);
  }

  close(): void {
    for (const { timer } of this.#streams?.values() ?? []) timer?.cancel();
    this.#streams = undefined;
  }

  #of(node: string): Stream[] {
    return [...this.#streams?.values() ?? []].filter((stream) => stream.node === node);
  }

  /** One picture is of all calls that the node has for the DN. */
  #pictured(node: string): void {
    this.#doubtful?.delete(node);
    for (const stream of this.#of(node)) stream.lost = undefined;
    this.#streams?.get(UNKNOWN_STREAM)?.timer?.cancel();
    this.#streams?.delete(UNKNOWN_STREAM);
  }

  #ask(stream: Stream): void {
    if (stream.lost === undefined || stream.lost.asked >= ASKS_MAX) return;
    stream.lost.asked += 1;
    this.#acknowledge(stream, 0, true);
    this.#askLater(stream);
  }

  #askLater(stream: Stream): void {
    stream.timer?.cancel();
    stream.timer = this.ports.clock.setTimer(ASK_EVERY_MS, () => this.#ask(stream));
  }

  #acknowledge(stream: Stream, upTo: number, resync: boolean): void {
    const ack: ScCommand = { kind: 'ack', dn: this.dn, stream: stream.name, upTo, resync, epoch: this.epoch };
    this.ports.bus.publish(subjects.scCommand(stream.node), ack);
  }

  #open(node: string, name: string, nowMs: number): Stream {
    const streams = (this.#streams ??= new Map<string, Stream>());
    for (const [known, { inbox, timer }] of streams) {
      if (!inbox.forgettable(nowMs)) continue;
      timer?.cancel();
      streams.delete(known);
    }
    const stream: Stream = { node, name, inbox: new Inbox(!this.tookOver && this.#doubtful?.has(node) !== true), timer: undefined, lost: undefined };
    streams.set(name, stream);
    return stream;
  }

  #run(stream: Stream, input: Input): void {
    const effects: InboxEffect<CallEventItem, readonly CallView[]>[] = [];
    stream.inbox.on(input, effects);
    for (const effect of effects) this.#perform(stream, effect);
  }

  #perform(stream: Stream, effect: InboxEffect<CallEventItem, readonly CallView[]>): void {
    switch (effect.kind) {
      case 'apply': return this.events.onItem(stream.node, effect.item);
      case 'applyPicture': return this.events.onPicture(stream.node, effect.picture);
      case 'ack': return this.#acknowledge(stream, effect.upTo, effect.resync);
      case 'setTimer':
        stream.timer?.cancel();
        stream.timer = this.ports.clock.setTimer(effect.delayMs, () => this.#run(stream, { kind: 'timer', nowMs: this.ports.clock.nowMs() }));
        return;
      default: return unreachable(effect);
    }
  }
}
