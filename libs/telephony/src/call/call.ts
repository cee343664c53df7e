/** The call: one machine per call, from the first INVITE or request until no leg is left (docs/specs/call.md). */
import type { Machine, Out } from '#kernel';
import type { TEvent } from '#tlib';
import type { CallSummary, CallView } from '../messages/index.js';
import { type ArmedTimer, type CallState, newCallState } from './call.state.js';
import type { CallEffect, CallEnvironment, CallIdentity, CallInput } from './call.types.js';
import { settle } from './closing.js';
import { handle } from './inputs.js';
import { pictureOf } from './monitor-events.js';
import { Step } from './step.js';
import { summaryOf, toldDns, viewOf } from './views.js';

/** Plain data, versioned; what `Call.restore` takes. */
export type CallSnapshot = CallState;

export class Call implements Machine<CallInput, CallEffect> {
  readonly #step: Step;

  constructor(identity: CallIdentity, env: CallEnvironment, state: CallState = newCallState(identity)) {
    this.#step = new Step(state, env);
  }

  /** Carries a call on from its snapshot, which it takes over. The shell arms `timers` again. */
  static restore(snapshot: CallSnapshot, env: CallEnvironment): Call {
    return new Call(snapshot.identity, env, snapshot);
  }

  /** `out` is not kept beyond the call. */
  on(input: CallInput, out: Out<CallEffect>): void {
    const step = this.#step;
    step.begin(out, input.nowMs);
    try {
      handle(step, input);
      settle(step);
    } finally {
      step.end();
    }
  }

  snapshot(): CallSnapshot {
    return structuredClone(this.#step.call);
  }

  /** What `snapshot` copies, for who serialises it before the next input. */
  get state(): Readonly<CallSnapshot> {
    return this.#step.call;
  }

  /** Armed timers with their deadlines, for the shell of a restored call. */
  get timers(): readonly ArmedTimer[] {
    return this.#step.call.timers;
  }

  get ended(): boolean {
    return this.#step.call.phase === 'ended';
  }

  /** The call as a DN sees it; undefined when the DN has no part in it. */
  viewOf(dn: string): CallView | undefined {
    return viewOf(this.#step, dn);
  }

  /** DNs that were told of the call and still have a part in it. */
  dns(): string[] {
    return toldDns(this.#step);
  }

  /** Call-monitoring events that tell the call as it is, with the times at which it happened. */
  picture(): TEvent[] {
    return pictureOf(this.#step);
  }

  summary(): CallSummary {
    return summaryOf(this.#step);
  }
}
