/** The domain: call, DN, agent, routing point, ownership and reservation machines, and what tiers say to each other. */
export type * from './messages/index.js';
export type * from './call/call.types.js';
export { Call, type CallSnapshot } from './call/call.js';
export {
  type RefusalReason, type ReservationEffect, type ReservationInput, type ReservationKeys, type ReservationOptions, Reservations,
} from './reservation/reservation.js';
