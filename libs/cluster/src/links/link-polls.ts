/** Polls the peers of an instance, answers theirs, and keeps what comes of it as metrics and as a list for operators (TC-29). */
import type { Clock, Meter, Timer } from '#kernel';
import type { Bus, BusSubscription } from '../bus/port.js';
import { subjects } from '../subjects.js';
import { type LinkAnswer, type LinkPoll, LinkStats, type LinkView } from './link-stats.js';

export interface LinkPollPorts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly meter: Meter;
}

export interface LinkPeer {
  readonly instance: string;
  readonly dataCentre: string;
}

const ANSWER_MS_MAX = 5_000;
const GAUGES = [
  ['link_rtt_ms', 'RTT', 'Time from a poll of that peer to its answer'],
  ['link_txt_ms', 'TXT', 'Time from a poll sent here to received there, by two clocks'],
  ['link_rxt_ms', 'RXT', 'Time from an answer sent there to received here, by two clocks'],
  ['link_last_ts_ms', 'LAST_TS', 'When the last answered poll of that peer was answered'],
  ['link_tx_queue_bytes', 'TX_QUEUE_LEN', 'What waited here to leave when the peer was last polled'],
  ['link_rx_queue_bytes', 'RX_QUEUE_LEN', 'What waited there to leave when it last answered'],
] as const;

export class LinkPolls {
  /** Peers that were heard once: a lost one stays, with its last figures. As many as are configured. */
  readonly #links = new Map<string, LinkStats>();
  #subscription: BusSubscription | undefined;
  #timer: Timer | undefined;

  /** `peers`: who is heard now. */
  constructor(
    private readonly instance: string, private readonly everyMs: number, private readonly ports: LinkPollPorts,
    private readonly peers: () => readonly LinkPeer[],
  ) {}

  start(): void {
    this.#subscription = this.ports.bus.subscribe(subjects.poll(this.instance), (_message, { respond }) => {
      const receivedMs = this.ports.clock.nowMs();
      respond?.({ kind: 'polled', receivedMs, answeredMs: this.ports.clock.nowMs(), queuedBytes: this.#queuedBytes } satisfies LinkAnswer);
    });
    this.#next();
  }

  /** By peer. */
  list(): LinkView[] {
    return [...this.#links.values()].map((link) => link.view()).sort((a, b) => (a.peer < b.peer ? -1 : 1));
  }

  close(): void {
    this.#subscription?.unsubscribe();
    this.#timer?.cancel();
  }

  get #queuedBytes(): number {
    return this.ports.bus.queuedBytes ?? 0;
  }

  #next(): void {
    this.#timer = this.ports.clock.setTimer(this.everyMs, () => {
      this.#pollAll();
      this.#next();
    });
  }

  #pollAll(): void {
    const heard = new Map(this.peers().map((peer) => [peer.instance, peer]));
    for (const peer of heard.values()) if (!this.#links.has(peer.instance)) this.#open(peer);
    for (const link of this.#links.values()) this.#poll(link);
  }

  #open({ instance, dataCentre }: LinkPeer): void {
    const link = new LinkStats(instance, dataCentre);
    this.#links.set(instance, link);
    const labels = { instance: this.instance, peer: instance };
    for (const [name, key, help] of GAUGES) this.ports.meter.gauge(name, help, () => link.view()[key] ?? NaN, labels);
  }

  #poll(link: LinkStats): void {
    const { bus, clock } = this.ports;
    const sentMs = clock.nowMs();
    const poll: LinkPoll = { kind: 'poll', from: this.instance, sentMs };
    link.polled(this.#queuedBytes);
    bus.request(subjects.poll(link.peer), poll, Math.min(this.everyMs, ANSWER_MS_MAX), (reply) => {
      if (reply.kind === 'reply') link.answered(sentMs, reply.message as LinkAnswer, clock.nowMs());
      else link.unanswered();
    });
  }
}
