/** A transport that lets nothing through which the screen refuses, or from whom sends too much, so that it costs no transaction and gets no answer. */
import type { Clock, Counter, Log, Meter } from '#kernel';
import type {
  Flow, ListeningAddress, SipMessage, SipParseError, SipTransport, Target, TransportError,
} from '#sip';
import type { FloodGuard } from '../machines/flood-guard.js';
import { opens, type Screen } from '../machines/screen.js';

export interface ScreenPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly screen: Screen;
  readonly guard: FloodGuard;
}

export class ScreenedTransport implements SipTransport {
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  onMalformed: (error: SipParseError, flow: Flow) => void = () => {};
  readonly #dropped: Counter;
  readonly #flooded: Counter;

  constructor(private readonly inner: SipTransport, private readonly ports: ScreenPorts) {
    const { meter, guard, clock } = ports;
    this.#dropped = meter.counter('proxy_screened_total', 'Requests of scanners, dropped without an answer');
    this.#flooded = meter.counter('proxy_flood_dropped_total', 'Messages that were read, of sources that send too much, dropped without an answer');
    meter.gauge('proxy_banned_sources', 'Sources that are not listened to because they sent too much', () => guard.banned(clock.nowMs()).length);
    inner.onMalformed = (error, flow) => {
      if (this.#isCalm(flow)) this.onMalformed(error, flow);
    };
    inner.onMessage = (message, flow) => this.#received(message, flow);
  }

  get listening(): readonly ListeningAddress[] {
    return this.inner.listening;
  }

  set onFlowLost(handler: (flow: Flow) => void) {
    this.inner.onFlowLost = handler;
  }

  get onFlowLost(): (flow: Flow) => void {
    return this.inner.onFlowLost;
  }

  send(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void {
    this.inner.send(bytes, to, failed);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  #received(message: SipMessage, flow: Flow): void {
    if (message.kind === 'request' && opens(message)) {
      if (!this.#isCalm(flow)) return;
      if (!this.ports.screen.admits(message)) return this.#dropped.add();
    }
    this.onMessage(message, flow);
  }

  #isCalm({ host }: Flow): boolean {
    const { guard, clock, log } = this.ports;
    const nowMs = clock.nowMs();
    const { bans } = guard;
    if (guard.admits(host, nowMs) && guard.counts(host, nowMs)) return true;
    this.#flooded.add();
    if (guard.bans > bans) log.warn('a source sends too much and is not listened to for a while', { host });
    return false;
  }
}
