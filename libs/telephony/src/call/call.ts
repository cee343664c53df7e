/** The call: one machine per call, from the first INVITE or request until no leg is left (docs/specs/call.md). */
import type { Machine, Out } from '#kernel';
import type { CallSummary, CallView } from '../messages/index.js';
import { type CallState, newCallState } from './call.state.js';
import type { CallEffect, CallEnvironment, CallIdentity, CallInput } from './call.types.js';
import { Step } from './step.js';

/** Plain data; what `Call.restore` takes. */
export type CallSnapshot = CallState;

export class Call implements Machine<CallInput, CallEffect> {
  readonly #step: Step;

  constructor(identity: CallIdentity, env: CallEnvironment) {
    this.#step = new Step(newCallState(identity), env);
  }

  /** Carries a call on from its snapshot. The caller arms `timers` again. */
  static restore(snapshot: CallSnapshot, env: CallEnvironment): Call {
    return new Call(snapshot.identity, env);
  }

  on(input: CallInput, out: Out<CallEffect>): void {
    this.#step.begin(out, input.nowMs);
  }

  snapshot(): CallSnapshot {
    return structuredClone(this.#step.call);
  }

  /** Armed timers with their deadlines, for the shell of a restored call. */
  get timers(): readonly { readonly timer: string; readonly atMs: number }[] {
    return this.#step.call.timers;
  }

  get ended(): boolean {
    return this.#step.call.phase === 'ended';
  }

  /** The call as a DN sees it; undefined when the DN has no part in it. */
  viewOf(_dn: string): CallView | undefined {
    return undefined;
  }

  /** DNs that were told of the call and still have a part in it. */
  dns(): string[] {
    return [];
  }

  summary(): CallSummary {
    throw new Error('not started');
  }
}
