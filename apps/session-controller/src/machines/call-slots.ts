/** Which slots a call has at the limiter, by its state (docs/specs/limits.md, "Slots"). Pure. */
import { type CallSlot, isWay, talkingCounter, waitingCounter } from '#limits';
import type { LimiterTake } from '#store';
import { type CallSnapshot, placeOf } from '#telephony';

/** What the state of a call does not say: plain data, so that the other half of a pair has it. */
export interface CallSlots {
  /** As its proxy acquired it; absent for a call of the inside. */
  readonly slot?: CallSlot;
  /** A device had it, or it had waited: it is not on the way to a queue again. */
  readonly isArrived: boolean;
}

export const NO_SLOTS: CallSlots = { isArrived: false };

/** `slots` after the call came into this state. */
export function movedOn(slots: CallSlots, call: Readonly<CallSnapshot>): CallSlots {
  if (slots.slot === undefined || slots.isArrived) return slots;
  const { waitsAt, talksFor, isReached } = placeOf(call);
  const waiting = waitsAt === undefined ? undefined : waitingCounter(waitsAt);
  const isQueued = waiting !== undefined && slots.slot.takes.some((take) => isWay(take) && take.until?.includes(waiting) === true);
  return isReached || talksFor !== undefined || isQueued ? { ...slots, isArrived: true } : slots;
}

/** None: the call does not count. */
export function takesOf({ slot, isArrived }: CallSlots, call: Readonly<CallSnapshot>): readonly LimiterTake[] {
  const { waitsAt, talksFor } = placeOf(call);
  return [
    ...(slot?.takes ?? []).filter((take) => !isArrived || !isWay(take)),
    ...(waitsAt === undefined ? [] : [{ counter: waitingCounter(waitsAt) }]),
    ...(talksFor === undefined ? [] : [{ counter: talkingCounter(talksFor) }]),
  ];
}
