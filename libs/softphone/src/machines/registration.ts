/** One phone's registration: RFC 3261 §10.2, table in docs/specs/softphone.md. Challenges are answered below it. */
import type { Out } from '#kernel';

export type RegistrationState = 'Unregistered' | 'Registering' | 'Registered' | 'Refused' | 'Unregistering';

export type RegistrationInput =
  | { readonly kind: 'register' | 'unregister' | 'timer' }
  /** The final response; `status` 408 stands for none. `grantedS` and `minimumS` are what the registrar said. */
  | { readonly kind: 'answer'; readonly status: number; readonly grantedS?: number | undefined; readonly minimumS?: number | undefined };

export type RegistrationEffect =
  | { readonly kind: 'send'; readonly expiresS: number }
  /** There is one timer; setting it stops the one before. */
  | { readonly kind: 'setTimer'; readonly afterMs: number }
  | { readonly kind: 'stopTimer' }
  /** What was wished is so, or is refused. */
  | { readonly kind: 'settled'; readonly status: number };

const RETRY_MS_MIN = 2_000;
const RETRY_MS_MAX = 60_000;

export class Registration {
  #state: RegistrationState = 'Unregistered';
  /** What the request under way asks for. */
  #asked: 'register' | 'unregister' | undefined;
  #retryMs = RETRY_MS_MIN;
  #raised = false;

  /** `expiresS`: what to ask for. `refreshShare`: the part of what was granted after which it is asked for again. */
  constructor(private expiresS: number, private readonly refreshShare = 0.5) {}

  get state(): RegistrationState {
    return this.#state;
  }

  on(input: RegistrationInput, out: Out<RegistrationEffect>): void {
    switch (input.kind) {
      case 'register': return this.#register(out);
      case 'unregister': return this.#unregister(out);
      case 'timer': return this.#send(out);
      case 'answer': return this.#answered(input, out);
    }
  }

  #register(out: Out<RegistrationEffect>): void {
    if (this.#state === 'Registering' || this.#state === 'Registered') return;
    this.#state = 'Registering';
    this.#retryMs = RETRY_MS_MIN;
    this.#send(out);
  }

  #unregister(out: Out<RegistrationEffect>): void {
    if (this.#state !== 'Registering' && this.#state !== 'Registered') return;
    this.#state = 'Unregistering';
    out.push({ kind: 'stopTimer' });
    this.#send(out);
  }

  /** One request at a time: what a registrar hears must be in order. */
  #send(out: Out<RegistrationEffect>): void {
    if (this.#asked !== undefined || this.#state === 'Unregistered' || this.#state === 'Refused') return;
    this.#asked = this.#state === 'Unregistering' ? 'unregister' : 'register';
    out.push({ kind: 'send', expiresS: this.#asked === 'unregister' ? 0 : this.expiresS });
  }

  #answered(answer: RegistrationInput & { kind: 'answer' }, out: Out<RegistrationEffect>): void {
    const asked = this.#asked;
    this.#asked = undefined;
    const wanted = this.#state === 'Unregistering' ? 'unregister' : 'register';
    if (asked !== wanted) return this.#send(out);
    if (wanted === 'unregister') return this.#settle('Unregistered', answer.status, out);
    const { status, minimumS = 0 } = answer;
    if (status < 300) this.#registered(status, answer.grantedS ?? this.expiresS, out);
    else if (status === 423 && minimumS > this.expiresS && !this.#raised) this.#raise(minimumS, out);
    else if (status === 408 || (status >= 500 && status < 600)) this.#retry(out);
    else this.#settle('Refused', status, out);
  }

  #registered(status: number, grantedS: number, out: Out<RegistrationEffect>): void {
    this.#retryMs = RETRY_MS_MIN;
    this.#settle('Registered', status, out);
    out.push({ kind: 'setTimer', afterMs: Math.max(grantedS, 2) * 1_000 * this.refreshShare });
  }

  /** §10.2.8. */
  #raise(minimumS: number, out: Out<RegistrationEffect>): void {
    this.#raised = true;
    this.expiresS = minimumS;
    this.#send(out);
  }

  #retry(out: Out<RegistrationEffect>): void {
    this.#state = 'Registering';
    out.push({ kind: 'setTimer', afterMs: this.#retryMs });
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX);
  }

  #settle(state: RegistrationState, status: number, out: Out<RegistrationEffect>): void {
    this.#state = state;
    out.push({ kind: 'settled', status });
  }
}
