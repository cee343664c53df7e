/** An agent's phone: registers with digest and stays registered; does with each call what its plan says. */
import type { Timer } from '#kernel';
import type { Target } from '#sip';
import type { SimPorts } from '#simulation';
import { type UaCall, UserAgent, type UserAgentOptions } from './user-agent.js';

/** What the phone does with the next call. Times count from the step before. */
export type CallPlan =
  /** With `talkMs` it hangs up; else the caller does. `hasty`: not waiting for the ACK. */
  | { readonly kind: 'answer'; readonly ringMs: number; readonly answerMs: number; readonly talkMs?: number; readonly hasty?: boolean }
  | { readonly kind: 'reject'; readonly ringMs?: number; readonly status: number; readonly afterMs: number }
  /** Rings until the caller or the switch gives up. */
  | { readonly kind: 'silent'; readonly ringMs: number }
  /** Says nothing at all. */
  | { readonly kind: 'dead' };

const EXPIRES_S = 60;
const REFRESH_MS = 30_000;
const RETRY_MS = 3_000;

export class Phone {
  readonly ua: UserAgent;
  registered = false;
  /** Drawn for each call. */
  plan: () => CallPlan = () => ({ kind: 'answer', ringMs: 50, answerMs: 1_000 });
  /** Told of each call that comes in, after its plan is under way. */
  onCall: (call: UaCall) => void = () => {};
  /** Calls that came in. */
  offered = 0;
  #wanted = false;
  #registering = false;
  #timer: Timer | undefined;

  constructor(private readonly ports: SimPorts, options: UserAgentOptions) {
    this.ua = new UserAgent(ports, options);
    this.ua.onCall = (call) => this.#take(call);
  }

  get dn(): string {
    return this.ua.options.user;
  }

  register(): void {
    this.#wanted = true;
    this.#send();
  }

  /** To other proxies, as a phone does whose first ones do not answer. */
  moveTo(proxies: readonly Target[]): void {
    this.ua.use(proxies);
    if (!this.#wanted) return;
    this.#timer?.cancel();
    this.#send();
  }

  unregister(): void {
    this.#wanted = false;
    this.#timer?.cancel();
    this.#send();
  }

  close(): void {
    this.#timer?.cancel();
    this.ua.close();
  }

  #send(): void {
    if (this.#registering) return;
    this.#registering = true;
    const wanted = this.#wanted;
    const contact = `${this.ua.contact};expires=${wanted ? EXPIRES_S : 0}`;
    this.ua.request('REGISTER', this.dn, [['Contact', contact]], (response) => {
      this.#registering = false;
      const ok = response?.status === 200;
      if (ok) this.registered = wanted;
      if (wanted !== this.#wanted) return this.#send();
      if (!wanted && ok) return;
      const jitterMs = this.ports.entropy.between(0, 1_000);
      this.#timer = this.ports.clock.setTimer((ok ? REFRESH_MS : RETRY_MS) + jitterMs, () => this.#send());
    });
  }

  #take(call: UaCall): void {
    this.offered += 1;
    this.#follow(call, this.plan());
    this.onCall(call);
  }

  #follow(call: UaCall, plan: CallPlan): void {
    const after = (ms: number, what: () => void): void => void this.ports.clock.setTimer(ms, what);
    switch (plan.kind) {
      case 'answer':
        after(plan.ringMs, () => call.ring());
        after(plan.ringMs + plan.answerMs, () => call.answer());
        if (plan.talkMs !== undefined) after(plan.ringMs + plan.answerMs + plan.talkMs, () => call.hangUp(plan.hasty));
        return;
      case 'reject':
        if (plan.ringMs !== undefined) after(plan.ringMs, () => call.ring());
        return after((plan.ringMs ?? 0) + plan.afterMs, () => call.reject(plan.status));
      case 'silent': return after(plan.ringMs, () => call.ring());
      case 'dead': return;
    }
  }
}
