/** The end of the one who transferred the call: it leaves when its place is taken (tlibrary §6.8). */
import { closeLeg } from './legs.js';
import type { RequestOrigin } from '../messages/index.js';
import { removeParty, unlink } from './parties.js';
import type { Step } from './step.js';

/** `to` is the DN or number that takes the place. */
export function releaseTransferrer(step: Step, to: string, origin: RequestOrigin | undefined): void {
  const waiting = step.known(step.call.waiting);
  const leaving = step.known(waiting.peer);
  closeLeg(step, leaving);
  removeParty(step, leaving, {
    msg: 'EventReleased', cause: 'SingleStepTransfer', origin,
    more: { CallState: 'Transferred', ThirdPartyDN: to, ThirdPartyDNRole: 'Destination' },
  });
  unlink(waiting);
  // Who comes next describes another session, of which nothing was invented yet.
  waiting.sdpShift = 0;
  waiting.heldByServer = false;
}
