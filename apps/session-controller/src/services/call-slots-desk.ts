/** Tells the limiter store of the calls of this node (docs/specs/limits.md, "Slots"). No call waits for it. */
import { parseSlots, SLOTS_HEADER } from '#limits';
import type { SipRequest } from '#sip';
import type { LimitsTeller } from '#store';
import { movedOn, NO_SLOTS, takesOf } from '../machines/call-slots.js';
import type { CallRecord } from './call-record.js';

export class CallSlotsDesk {
  /** Absent: nobody counts. */
  constructor(private readonly teller: LimitsTeller | undefined) {}

  /** The INVITE that opens the call brings what its proxy acquired. */
  opened(call: CallRecord, invite: SipRequest): void {
    const slot = parseSlots(invite.header(SLOTS_HEADER) ?? '');
    if (slot !== undefined) call.slots = { slot, isArrived: false };
  }

  changed(call: CallRecord): void {
    const { state } = call.machine;
    const isOver = call.ended || state.phase === 'over' || state.phase === 'ended';
    if (isOver) return this.#over(call);
    call.slots = movedOn(call.slots ?? NO_SLOTS, state);
    const takes = takesOf(call.slots, state);
    if (takes.length > 0) call.counts = true;
    if (call.counts) this.teller?.hold(call.identity.connID, takes, call.slots.slot?.id);
  }

  close(): void {
    this.teller?.close();
  }

  /** Also a call that ended before anything was told of it has the slot of its proxy. */
  #over(call: CallRecord): void {
    const slot = call.slots?.slot;
    if (!call.counts && slot === undefined) return;
    this.teller?.release(call.identity.connID, slot?.id);
    call.counts = false;
    call.slots = undefined;
  }
}
