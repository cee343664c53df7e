/** The domain: call, DN, agent, routing point, ownership and reservation machines, and what tiers say to each other. */
export type * from './messages/index.js';
export type * from './call/call.types.js';
export { type Caller, type CallerFacts, CallerRecognition, type SourceVia } from './trunk/caller.js';
export { bareContact, contactWithUser, parseContact } from './trunk/contact.js';
export type { CallTimer } from './call/call.state.js';
export { Call, type CallSnapshot } from './call/call.js';
export { type CallPlace, placeOf } from './call/views.js';
export { askersOf, forgetAskers } from './call/askers.js';
export { unsupportedRequest } from './call/requests.js';
export { FIRST as FIRST_CALL_EVENTS, MOVES as CALL_EVENT_MOVES, type WalkState } from './call/walk-table.js';
export {
  type Grant, type RefusalReason, type ReservationEffect, type ReservationInput, type ReservationKeys, type ReservationOptions, Reservations,
} from './reservation/reservation.js';
export type * from './agent/agent.types.js';
export { Agent } from './agent/agent.js';
export type { DnEffect, DnIdentity, DnInput, DnRules, DnTimer } from './dn/dn.types.js';
export { Dn } from './dn/dn.js';
export { DnPicture, vacant } from './dn/dn-picture.js';
export { DnFeeds, type DnFeedEvents, type DnFeedPorts } from './dn/dn-feeds.js';
export { SWITCH_QUERIES, switchAnswer, type SwitchIdentity } from './dn/switch-info.js';
export { queryCall } from './dn/query-call.js';
export { readSnapshots } from './dn/snapshot-pages.js';
export { snapshotAttributes } from './dn/registered-event.js';
export { type DepartureEffect, type DepartureInput, Departures, type DepartureState } from './ownership/departures.js';
export { FarControllers, type FarEffect, type FarInput } from './ownership/far-controllers.js';
export { HAND_OVER_MS, type OwnerRecord, type OwnershipEffect, type OwnershipInput } from './ownership/ownership.types.js';
export { SilentPeers } from './ownership/silent-peers.js';
export { Ownership } from './ownership/ownership.js';
