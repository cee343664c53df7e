/** SIP of a paired node: nothing passes, in either direction, while the fence is closed; what it holds passes later. */
import type { Fence, Way } from '#cluster';
import type { Counter, Meter } from '#kernel';
import type { Flow, ListeningAddress, SipMessage, SipParseError, SipTransport, Target, TransportError } from '#sip';

export class FencedSip implements SipTransport {
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  onMalformed: (error: SipParseError, flow: Flow) => void = () => {};
  onFlowLost: (flow: Flow) => void = () => {};
  readonly #stopped: Counter;

  constructor(private readonly inner: SipTransport, private readonly fence: Fence, meter: Meter) {
    this.#stopped = meter.counter('pair_fenced_sip_total', 'SIP messages that a half without a proven term did not let through');
    inner.onMessage = (message, flow) => this.#pass('in', () => this.onMessage(message, flow));
    inner.onMalformed = (error, flow) => this.#pass('in', () => this.onMalformed(error, flow));
    inner.onFlowLost = (flow) => this.onFlowLost(flow);
  }

  get listening(): readonly ListeningAddress[] {
    return this.inner.listening;
  }

  send(bytes: string, to: Target | Flow, failed?: (error: TransportError) => void): void {
    this.#pass('out', () => this.inner.send(bytes, to, failed));
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  #pass(way: Way, work: () => void): void {
    if (this.fence.isOpen()) return work();
    const held = this.fence.hold(way, (passed) => {
      if (passed) work();
      else this.#stopped.add();
    });
    if (!held) this.#stopped.add();
  }
}
