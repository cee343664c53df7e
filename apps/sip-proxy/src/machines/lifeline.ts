/**
 * An idle connection to a session controller: the kernel closes it in the moment in which that process dies. A hint and no
 * verdict: who closed is dialled once more at once, and only a refusal says that nobody is there. A pure machine, one per address
 * of a server; table in docs/specs/sip-routing.md, "Health".
 */
import type { Machine, Out } from '#kernel';

export type LifelineState =
  /** Not started, or stopped. */
  | 'Idle'
  | 'Dialing'
  | 'Up'
  /** It was closed after it stood: is somebody there? */
  | 'Redialing'
  /** Until the next attempt. */
  | 'Waiting';

export type LifelineInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'opened' }
  /** By the other end, or refused. */
  | { readonly kind: 'closed'; readonly reason: string }
  | { readonly kind: 'timer' }
  /** The other end says on the bus that it is there, or answers OPTIONS again. */
  | { readonly kind: 'announced' }
  /** The other end does not answer OPTIONS any more: the connection may be to a process that is long gone. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'stop' };

export type LifelineEffect =
  | { readonly kind: 'dial' }
  | { readonly kind: 'hangUp' }
  /** RFC 5626 §4.4.1: the other end closes what is idle. */
  | { readonly kind: 'ping' }
  /** Replaces the timer that runs; there is one. */
  | { readonly kind: 'setTimer'; readonly ms: number }
  | { readonly kind: 'clearTimer' }
  /** There is somebody again. */
  | { readonly kind: 'found' }
  /** Ask it, and prefer others meanwhile. */
  | { readonly kind: 'suspected'; readonly reason: string }
  /** Nobody listens there: what waits for it waits in vain. */
  | { readonly kind: 'lost'; readonly reason: string };

export const LIFELINE = {
  DIAL_MS: 5_000,
  /** A process that lives accepts within a round trip. */
  REDIAL_MS: 250,
  RETRY_FIRST_MS: 200,
  RETRY_MAX_MS: 5_000,
  /** One that is closed earlier counts as refused: it is not dialled again at once. */
  STEADY_MS: 1_000,
  /** RFC 5626 §4.4.1: from 95 to 120 s. */
  PING_MS: 100_000,
} as const;

export class Lifeline implements Machine<LifelineInput, LifelineEffect> {
  state: LifelineState = 'Idle';
  #retryMs: number = LIFELINE.RETRY_FIRST_MS;
  #steady = false;

  on(input: LifelineInput, out: Out<LifelineEffect>): void {
    switch (input.kind) {
      case 'start': return this.state === 'Idle' ? this.#dial('Dialing', out) : undefined;
      case 'opened': return this.#opened(out);
      case 'closed': return this.#closed(input.reason, out);
      case 'timer': return this.#timer(out);
      case 'announced': return this.#announced(out);
      case 'silent': return this.#silent(out);
      case 'stop': return this.#stop(out);
    }
  }

  #dial(state: 'Dialing' | 'Redialing', out: Out<LifelineEffect>): void {
    this.state = state;
    out.push({ kind: 'dial' });
    out.push({ kind: 'setTimer', ms: state === 'Dialing' ? LIFELINE.DIAL_MS : LIFELINE.REDIAL_MS });
  }

  #opened(out: Out<LifelineEffect>): void {
    if (this.state !== 'Dialing' && this.state !== 'Redialing') return;
    const isNew = this.state === 'Dialing';
    this.state = 'Up';
    this.#steady = false;
    out.push({ kind: 'setTimer', ms: LIFELINE.STEADY_MS });
    if (isNew) out.push({ kind: 'found' });
  }

  #closed(reason: string, out: Out<LifelineEffect>): void {
    switch (this.state) {
      case 'Dialing': return this.#wait(out);
      case 'Redialing': return this.#lost(reason, out);
      case 'Up': return this.#cut(reason, out);
    }
  }

  #cut(reason: string, out: Out<LifelineEffect>): void {
    out.push({ kind: 'suspected', reason });
    if (this.#steady) this.#dial('Redialing', out);
    else this.#lost(reason, out);
  }

  #lost(reason: string, out: Out<LifelineEffect>): void {
    this.#wait(out);
    out.push({ kind: 'lost', reason });
  }

  #wait(out: Out<LifelineEffect>): void {
    this.state = 'Waiting';
    out.push({ kind: 'setTimer', ms: this.#retryMs });
    this.#retryMs = Math.min(2 * this.#retryMs, LIFELINE.RETRY_MAX_MS);
  }

  #timer(out: Out<LifelineEffect>): void {
    switch (this.state) {
      case 'Waiting': return this.#dial('Dialing', out);
      case 'Up': return this.#stood(out);
      case 'Dialing':
        out.push({ kind: 'hangUp' });
        return this.#wait(out);
      case 'Redialing':
        out.push({ kind: 'hangUp' });
        return this.#lost('nobody accepts a connection', out);
    }
  }

  #stood(out: Out<LifelineEffect>): void {
    if (this.#steady) out.push({ kind: 'ping' });
    this.#steady = true;
    this.#retryMs = LIFELINE.RETRY_FIRST_MS;
    out.push({ kind: 'setTimer', ms: LIFELINE.PING_MS });
  }

  #announced(out: Out<LifelineEffect>): void {
    this.#retryMs = LIFELINE.RETRY_FIRST_MS;
    if (this.state === 'Waiting') this.#dial('Dialing', out);
  }

  #silent(out: Out<LifelineEffect>): void {
    if (this.state !== 'Up') return;
    out.push({ kind: 'hangUp' });
    this.#wait(out);
  }

  #stop(out: Out<LifelineEffect>): void {
    if (this.state === 'Idle') return;
    if (this.state !== 'Waiting') out.push({ kind: 'hangUp' });
    out.push({ kind: 'clearTimer' });
    this.state = 'Idle';
  }
}
