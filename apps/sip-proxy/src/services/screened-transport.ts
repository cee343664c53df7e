/** A transport that lets nothing through which the screen refuses, so that it costs no transaction and gets no answer. */
import type { Counter, Meter } from '#kernel';
import type {
  Flow, ListeningAddress, SipMessage, SipParseError, SipTransport, Target, TransportError,
} from '#sip';
import type { Screen } from '../machines/screen.js';

export class ScreenedTransport implements SipTransport {
  onMessage: (message: SipMessage, flow: Flow) => void = () => {};
  readonly #dropped: Counter;

  constructor(private readonly inner: SipTransport, private readonly screen: Screen, meter: Meter) {
    this.#dropped = meter.counter('proxy_screened_total', 'Requests dropped without an answer');
    inner.onMessage = (message, flow) => this.#received(message, flow);
  }

  get listening(): readonly ListeningAddress[] {
    return this.inner.listening;
  }

  set onMalformed(handler: (error: SipParseError, flow: Flow) => void) {
    this.inner.onMalformed = handler;
  }

  get onMalformed(): (error: SipParseError, flow: Flow) => void {
    return this.inner.onMalformed;
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
    if (message.kind === 'response' || this.screen.admits(message)) this.onMessage(message, flow);
    else this.#dropped.add();
  }
}
