/** Ports of the cluster and their in-process drivers. Drivers for real servers have entries of their own. */
export { MemoryBus, type MemoryBusOptions, type MemoryBusPorts } from './bus/memory.js';
export { isPattern, isSubject, matches } from './bus/pattern.js';
export type { Bus, BusDelivery, BusHandler, BusMessage, BusReply, BusSubscription } from './bus/port.js';
export { compareClaims, epochAfter, epochAt, Hlc } from './hlc.js';
export { type LinkPeer, LinkPolls, type LinkPollPorts } from './links/link-polls.js';
export type { LinkView } from './links/link-stats.js';
export { isKey, isKeyPattern } from './key-value/key.js';
export { type BucketKeeper, MemoryKeyValueStore } from './key-value/memory.js';
export {
  type KeyValue, type KeyValueChange, type KeyValueEntry, type KeyValueStore, KeyValueUnavailable, RevisionConflict,
} from './key-value/port.js';
export {
  DOWN_AFTER_MS, type MemberHeartbeat, Membership, type MembershipChange, type MembershipInput, STANDBY, PAIR_GRACE_MS,
} from './membership/membership.js';
export { type MembershipListener, type MembershipPorts, MembershipService } from './membership/membership-service.js';
export type { Fence, Way } from './pair/fence.js';
export { FencedBus } from './pair/fenced-bus.js';
export { PairMachine } from './pair/pair-machine.js';
export { PAIR, PAIR_HEADER, type PairEffect, type PairInput, type PairMessage, type PairState, type SeenLease } from './pair/pair-machine.types.js';
export { ReplicaCopy } from './pair/replica-copy.js';
export type { ReplicaMessage, ReplicaState } from './pair/replica-messages.js';
export { ReplicaSource } from './pair/replica-source.js';
export { Withheld } from './pair/withheld.js';
export { entriesUnder, lifeOf, type PairTerm, type Replica } from './pair/replica.js';
export { type PairRole, PRIMARY } from './pair/role.js';
export {
  type DurableQueue, QUEUE_LIMITS, type QueueEntry, QueueFull, type QueueLimits, type QueueMessage, QueueUnavailable,
} from './queue/port.js';
export { rendezvous } from './rendezvous.js';
export {
  EventFeed, FEED, type FeedEffect, type FeedInput, type FeedState, type Sequenced,
} from './stream/event-feed.js';
export { EventRing, type Replay, REPLAY_MAX, RING_BYTES_MAX } from './stream/event-ring.js';
export { Inbox, INBOX, type InboxEffect, type InboxInput, type InboxState } from './stream/inbox.js';
export { Outbox, OUTBOX, type OutboxEffect, type OutboxInput, type OutboxState } from './stream/outbox.js';
export { subjects, token, untoken } from './subjects.js';
