/** What events a DN may get of one call, in which order (docs/specs/call.md, "Parties"). Data, for whoever checks a stream of events. */

export type WalkState = 'none' | 'Dialing' | 'Ringing' | 'Queued' | 'Established' | 'Held';

/** How a DN may come into a call. */
export const FIRST: Readonly<Record<string, WalkState>> = { EventDialing: 'Dialing', EventRinging: 'Ringing', EventQueued: 'Queued' };
/** Allowed in the state, and where it leads. */
export const MOVES: Readonly<Record<Exclude<WalkState, 'none'>, Readonly<Record<string, WalkState>>>> = {
  Dialing: {
    EventNetworkReached: 'Dialing', EventDestinationBusy: 'Dialing', EventEstablished: 'Established', EventReleased: 'none',
  },
  Ringing: { EventEstablished: 'Established', EventReleased: 'none', EventAbandoned: 'none' },
  Queued: {
    EventRouteRequest: 'Queued', EventRouteUsed: 'Queued', EventTreatmentApplied: 'Queued', EventTreatmentEnd: 'Queued',
    EventTreatmentNotApplied: 'Queued', EventDiverted: 'none', EventAbandoned: 'none', EventReleased: 'none',
  },
  Established: { EventHeld: 'Held', EventPartyChanged: 'Established', EventReleased: 'none' },
  Held: { EventRetrieved: 'Established', EventPartyChanged: 'Held', EventReleased: 'none' },
};
