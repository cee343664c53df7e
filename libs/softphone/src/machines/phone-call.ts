/** One call of a phone, called or calling: RFC 3261 §13 to §15; table in docs/specs/softphone.md. */
import type { Out } from '#kernel';

export type CallState = 'Ringing' | 'Answered' | 'Calling' | 'Proceeding' | 'Cancelling' | 'Established' | 'Ended';

export type CallTimer = 'ring' | 'answer' | 'reject' | 'repeat' | 'giveUp' | 'expire' | 'glare';

export type CallInput =
  | { readonly kind: 'answer' | 'hangUp' | 'hold' | 'retrieve' }
  | { readonly kind: 'reject'; readonly status: number }
  | { readonly kind: 'timer'; readonly timer: CallTimer }
  /** From the far end: its requests, and its responses to our INVITE (`failure` 408: none came). */
  | { readonly kind: 'cancelled' | 'bye' | 'acked' | 'progress' | 'success' }
  | { readonly kind: 'failure'; readonly status: number }
  /** The final status of our re-INVITE, and the Retry-After that it named. */
  | { readonly kind: 'offerAnswered'; readonly status: number; readonly retryAfterS?: number | undefined }
  | { readonly kind: 'notify'; readonly event: 'talk' | 'hold' };

export type CallEffect =
  /** To the INVITE that called us. 2xx comes with a description, and again while nobody acknowledges it. */
  | { readonly kind: 'respond'; readonly status: number }
  | { readonly kind: 'cancel' | 'ack' | 'bye' }
  | { readonly kind: 'reinvite'; readonly hold: boolean }
  | { readonly kind: 'setTimer'; readonly timer: CallTimer; readonly afterMs: number }
  | { readonly kind: 'stopTimer'; readonly timer: CallTimer }
  | { readonly kind: 'moved'; readonly state: CallState };

/** What a phone does with a call that comes; times count from the INVITE. Without `answerMs` and `reject` a person decides. */
export interface CallPlan {
  /** Undefined: never a 180. */
  readonly ringMs?: number | undefined;
  readonly answerMs?: number | undefined;
  readonly reject?: { readonly afterMs: number; readonly status: number } | undefined;
}

/** How it ended: our INVITE's or our own final status, 200 for a call that was answered. */
export interface CallEnd {
  readonly by: 'us' | 'them';
  readonly status: number;
}

const T1_MS = 500;
const T2_MS = 4_000;
const GIVE_UP_MS = 64 * T1_MS;
/** How long a call may stay unanswered: as Timer C of a proxy. */
const EXPIRE_MS = 180_000;
/** §14.1: who owns the Call-ID waits 2.1 to 4 s, the other 0 to 2 s, so that they do not meet again. */
const GLARE_CALLING_MS = 3_000;
const GLARE_CALLED_MS = 1_000;
/** §21.5: a 5xx may say when to try again. Whoever wants to wait longer than this has refused. */
const RETRY_MAX_S = 10;
const WAITING: readonly CallTimer[] = ['ring', 'answer', 'reject', 'expire'];

export class PhoneCall {
  #state: CallState;
  #end: CallEnd | undefined;
  #repeatMs = T1_MS;
  #hangUpOwed = false;
  #onHold = false;
  #wantsHold = false;
  #offering: 'no' | 'yes' | 'waits' = 'no';
  #rejectStatus = 486;

  constructor(readonly role: 'called' | 'calling') {
    this.#state = role === 'called' ? 'Ringing' : 'Calling';
  }

  get state(): CallState {
    return this.#state;
  }

  get end(): CallEnd | undefined {
    return this.#end;
  }

  /** We put the far end on hold, or are about to. */
  get onHold(): boolean {
    return this.#onHold;
  }

  /** A re-INVITE of ours waits for its answer: theirs gets 491. */
  get offering(): boolean {
    return this.#offering === 'yes';
  }

  start(plan: CallPlan, out: Out<CallEffect>): void {
    out.push({ kind: 'setTimer', timer: 'expire', afterMs: EXPIRE_MS });
    if (this.role === 'calling') return;
    if (plan.ringMs === 0) out.push({ kind: 'respond', status: 180 });
    else if (plan.ringMs !== undefined) out.push({ kind: 'setTimer', timer: 'ring', afterMs: plan.ringMs });
    if (plan.answerMs !== undefined) out.push({ kind: 'setTimer', timer: 'answer', afterMs: plan.answerMs });
    if (plan.reject !== undefined) {
      this.#rejectStatus = plan.reject.status;
      out.push({ kind: 'setTimer', timer: 'reject', afterMs: plan.reject.afterMs });
    }
  }

  on(input: CallInput, out: Out<CallEffect>): void {
    switch (this.#state) {
      case 'Ringing': return this.#ringing(input, out);
      case 'Answered': return this.#answered(input, out);
      case 'Calling':
      case 'Proceeding': return this.#calling(input, out);
      case 'Cancelling': return this.#cancelling(input, out);
      case 'Established': return this.#established(input, out);
      case 'Ended': return this.#ended(input, out);
    }
  }

  #ringing(input: CallInput, out: Out<CallEffect>): void {
    switch (input.kind) {
      case 'answer': return this.#accept(out);
      case 'notify': return input.event === 'talk' ? this.#accept(out) : undefined;
      case 'reject': return this.#refuse('us', input.status, out);
      case 'hangUp': return this.#refuse('us', 603, out);
      case 'cancelled':
      case 'bye': return this.#refuse('them', 487, out);
      case 'timer': return this.#ringingTimer(input.timer, out);
      default: return undefined;
    }
  }

  #ringingTimer(timer: CallTimer, out: Out<CallEffect>): void {
    if (timer === 'ring') out.push({ kind: 'respond', status: 180 });
    else if (timer === 'answer') this.#accept(out);
    else if (timer === 'reject') this.#refuse('us', this.#rejectStatus, out);
    else if (timer === 'expire') this.#refuse('us', 480, out);
  }

  #accept(out: Out<CallEffect>): void {
    stop(WAITING, out);
    out.push({ kind: 'setTimer', timer: 'giveUp', afterMs: GIVE_UP_MS });
    this.#sendAnswer(out);
    this.#move('Answered', out);
  }

  #refuse(by: CallEnd['by'], status: number, out: Out<CallEffect>): void {
    out.push({ kind: 'respond', status });
    this.#finish(by, status, out);
  }

  #answered(input: CallInput, out: Out<CallEffect>): void {
    if (input.kind === 'acked') return this.#acked(out);
    if (input.kind === 'bye') return this.#finish('them', 200, out);
    if (input.kind === 'hangUp') this.#hangUpOwed = true;
    if (input.kind !== 'timer') return;
    if (input.timer === 'giveUp') return this.#hangUp(out);
    if (input.timer !== 'repeat') return;
    this.#repeatMs = Math.min(this.#repeatMs * 2, T2_MS);
    this.#sendAnswer(out);
  }

  #sendAnswer(out: Out<CallEffect>): void {
    out.push({ kind: 'respond', status: 200 });
    out.push({ kind: 'setTimer', timer: 'repeat', afterMs: this.#repeatMs });
  }

  #acked(out: Out<CallEffect>): void {
    stop(['repeat', 'giveUp'], out);
    this.#move('Established', out);
    if (this.#hangUpOwed) this.#hangUp(out);
  }

  #calling(input: CallInput, out: Out<CallEffect>): void {
    switch (input.kind) {
      case 'progress': return this.#state === 'Calling' ? this.#move('Proceeding', out) : undefined;
      case 'success': return this.#connected(out);
      case 'failure': return this.#finish('them', input.status, out);
      case 'timer': return input.timer === 'expire' ? this.#cancel(out) : undefined;
      case 'hangUp': return this.#cancel(out);
      default: return undefined;
    }
  }

  #connected(out: Out<CallEffect>): void {
    stop(['expire'], out);
    out.push({ kind: 'ack' });
    this.#move('Established', out);
  }

  #cancel(out: Out<CallEffect>): void {
    stop(['expire'], out);
    out.push({ kind: 'cancel' });
    this.#move('Cancelling', out);
  }

  #cancelling(input: CallInput, out: Out<CallEffect>): void {
    if (input.kind === 'failure') return this.#finish('us', input.status, out);
    if (input.kind !== 'success') return;
    // The answer crossed the CANCEL (§9.1).
    out.push({ kind: 'ack' });
    out.push({ kind: 'bye' });
    this.#finish('us', 200, out);
  }

  #established(input: CallInput, out: Out<CallEffect>): void {
    switch (input.kind) {
      case 'success': return void out.push({ kind: 'ack' });
      case 'hangUp': return this.#hangUp(out);
      case 'bye': return this.#finish('them', 200, out);
      case 'hold': return this.#offer(true, out);
      case 'retrieve': return this.#offer(false, out);
      case 'notify': return this.#offer(input.event === 'hold', out);
      case 'offerAnswered': return this.#offerAnswered(input, out);
      case 'timer': return input.timer === 'glare' && this.#offering === 'waits' ? this.#sendOffer(out) : undefined;
      default: return undefined;
    }
  }

  /** One offer at a time; a wish that comes meanwhile is looked at when it is answered. */
  #offer(hold: boolean, out: Out<CallEffect>): void {
    this.#wantsHold = hold;
    if (this.#offering === 'no' && hold !== this.#onHold) this.#sendOffer(out);
  }

  #sendOffer(out: Out<CallEffect>): void {
    this.#offering = 'yes';
    this.#onHold = this.#wantsHold;
    out.push({ kind: 'reinvite', hold: this.#onHold });
  }

  #offerAnswered({ status, retryAfterS }: CallInput & { readonly kind: 'offerAnswered' }, out: Out<CallEffect>): void {
    if (this.#offering !== 'yes') return;
    this.#offering = 'no';
    if (status < 300) {
      this.#move('Established', out);
      return this.#offer(this.#wantsHold, out);
    }
    // §12.2.1.2: the dialog is gone at the other end.
    if (status === 481 || status === 408) return this.#hangUp(out);
    this.#onHold = !this.#onHold;
    if (status === 491) return this.#offerLater(this.role === 'calling' ? GLARE_CALLING_MS : GLARE_CALLED_MS, out);
    if (status >= 500 && status < 600 && retryAfterS !== undefined && retryAfterS <= RETRY_MAX_S) return this.#offerLater(retryAfterS * 1_000, out);
    this.#wantsHold = this.#onHold;
  }

  #offerLater(afterMs: number, out: Out<CallEffect>): void {
    this.#offering = 'waits';
    out.push({ kind: 'setTimer', timer: 'glare', afterMs });
  }

  /** A fork or a repetition that answers after the end: acknowledged, and the shell ends a fork's dialog. */
  #ended(input: CallInput, out: Out<CallEffect>): void {
    if (input.kind === 'success') out.push({ kind: 'ack' });
  }

  #hangUp(out: Out<CallEffect>): void {
    out.push({ kind: 'bye' });
    this.#finish('us', 200, out);
  }

  #finish(by: CallEnd['by'], status: number, out: Out<CallEffect>): void {
    this.#end = { by, status };
    stop([...WAITING, 'repeat', 'giveUp', 'glare'], out);
    this.#move('Ended', out);
  }

  #move(state: CallState, out: Out<CallEffect>): void {
    this.#state = state;
    out.push({ kind: 'moved', state });
  }
}

function stop(timers: readonly CallTimer[], out: Out<CallEffect>): void {
  for (const timer of timers) out.push({ kind: 'stopTimer', timer });
}
