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
  readonly inbox: Inbox<CallEventItem, readonly CallView[]>;
  timer: Timer | undefined;
}

type Input = InboxInput<CallEventItem, readonly CallView[]>;

export class CallStreams {
  readonly #streams = new Map<string, Stream>();

  /** `tookOver`: another owner may have applied what it did not acknowledge, so each stream begins with a picture. */
  constructor(
    private readonly dn: string, private readonly tookOver: boolean,
    private readonly ports: { readonly bus: Bus; readonly clock: Clock }, private readonly events: CallStreamEvents,
  ) {}

  heard(command: Extract<DnCommand, { readonly kind: 'frame' | 'resync' }>): void {
    const nowMs = this.ports.clock.nowMs();
    const { node, stream: name, seq } = command;
    const stream = this.#streams.get(name) ?? this.#open(node, name, nowMs);
    if (command.kind === 'frame') this.#run(stream, { kind: 'frame', seq, items: command.items, nowMs });
    else this.#run(stream, { kind: 'resync', seq, picture: command.calls, nowMs });
  }

  close(): void {
    for (const { timer } of this.#streams.values()) timer?.cancel();
    this.#streams.clear();
  }

  #open(node: string, name: string, nowMs: number): Stream {
    for (const [known, { inbox, timer }] of this.#streams) {
      if (!inbox.forgettable(nowMs)) continue;
      timer?.cancel();
      this.#streams.delete(known);
    }
    const stream: Stream = { node, name, inbox: new Inbox(!this.tookOver), timer: undefined };
    this.#streams.set(name, stream);
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
      case 'ack': {
        const ack: ScCommand = { kind: 'ack', dn: this.dn, stream: stream.name, upTo: effect.upTo, resync: effect.resync };
        return this.ports.bus.publish(subjects.scCommand(stream.node), ack);
      }
      case 'setTimer':
        stream.timer?.cancel();
        stream.timer = this.ports.clock.setTimer(effect.delayMs, () => this.#run(stream, { kind: 'timer', nowMs: this.ports.clock.nowMs() }));
        return;
      default: return unreachable(effect);
    }
  }
}
