/** What tiers say to each other over the bus (docs/specs/cluster-protocol.md). Plain data, immutable once published. */
import type { VerdictData } from '#store';
import type { KVList, TEvent, TRequest } from '#tlib';
import type { AgentMemory } from '../agent/agent.types.js';

/** Who asked, so that the requester's copy of the resulting event carries its `ReferenceID`. */
export interface RequestOrigin {
  /** Instance that holds the client's connection. */
  readonly instance: string;
  /** Session of the client at that instance. */
  readonly session: string;
  readonly referenceID: number | undefined;
  readonly applicationName: string;
}

/** A refused request, in T-Library's numbers (`libs/tlib` error-codes). The sentence says what to change. */
export interface TErrorReply {
  readonly kind: 'error';
  readonly code: number;
  readonly message: string;
}

// ---- to the owner of a DN: subjects.dnCommand(dn)

/** A call event on its way to the DN's owner, in order per SC and DN. `event.msg` is the T-event, complete but for the owner's attributes. */
export interface CallEventItem {
  readonly event: TEvent;
  /** Routed or queued call: it makes the agent busy and earns after-call work (tlibrary §7.3). */
  readonly business: boolean;
  readonly origin?: RequestOrigin;
}

/** One live call of a DN, as its SC sees it: what a new owner needs, and what `EventRegistered` reports. */
export interface CallView {
  readonly connID: string;
  readonly callUUID: string;
  readonly callID: number;
  readonly callType: string;
  /** SC that owns the call. */
  readonly node: string;
  /** PartyState bits (tlibrary §5.5): 0xA alerting, 0xC connected, 0xE held, 1 initiated, 9 queued. */
  readonly partyState: number;
  readonly business: boolean;
  readonly otherDN?: string;
  readonly userData?: KVList;
}

export type DnCommand =
  /** Numbered items of the stream from one SC to one DN; repeated until acknowledged. `seq` is the number of the first item. */
  | { readonly kind: 'frame'; readonly node: string; readonly stream: string; readonly seq: number; readonly items: readonly CallEventItem[] }
  /** Everything the SC has for this DN; `seq` is the number of the next item. Sent when the receiver asked for it. */
  | { readonly kind: 'resync'; readonly node: string; readonly stream: string; readonly seq: number; readonly calls: readonly CallView[] }
  /**
   * A client's request, forwarded by the TC it is connected to. Bus request; answered by {@link DnReply}. After `untilMs` the client
   * has heard that nobody answered: an owner that stood still must not do it late.
   */
  | { readonly kind: 'request'; readonly request: TRequest; readonly origin: RequestOrigin; readonly untilMs?: number }
  /** May this routed call ring the DN? Bus request, answered `offered` or `error`. The answer is a lease on the agent. */
  | { readonly kind: 'offer'; readonly connID: string; readonly node: string; readonly leaseMs: number }
  /** The offer came to nothing before any event was sent for it. */
  | { readonly kind: 'withdraw'; readonly connID: string; readonly node: string }
  /** Bus request, answered `snapshot`. */
  | { readonly kind: 'snapshot' }
  /** The phone's registration was renewed through another node (`seen`), or lost by a proxy; how long what is left of it lasts. */
  | { readonly kind: 'refresh'; readonly untilMs: number; readonly seen?: true }
  /**
   * A node of another data centre has a reason to own the DN until then, or without an end: may it claim? Bus request, answered `move`.
   * `agoMs`: how long ago the phone was seen there. Repeated while the reason stands.
   */
  | {
    readonly kind: 'move'; readonly node: string; readonly ownership: OwnershipKind; readonly untilMs?: number; readonly agoMs: number;
  }
  /** No-answer and busy supervision (tlibrary §7.5). */
  | { readonly kind: 'agentAction'; readonly action: 'notready' | 'logout'; readonly reason: string }
  /** A client of that instance is gone, or unregistered the DN: who was logged in by it may be logged out (tlibrary §7.6). */
  | { readonly kind: 'clientGone'; readonly instance: string; readonly session: string; readonly unregistered: boolean }
  /** Its connection is lost, or there again; its session goes on. Who was logged in by it gets no new calls meanwhile. */
  | { readonly kind: 'clientAway'; readonly instance: string; readonly session: string; readonly away: boolean }
  /**
   * A client registered the DN. When the process that held the client of the agent's login is gone, and this is the same program, it takes
   * the agent over (docs/adr/0005-desktops-of-a-pair.md). Bus request, answered `accepted` or `error`.
   */
  | { readonly kind: 'clientHere'; readonly origin: RequestOrigin };

export type DnReply =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'offered'; readonly agentID: string | undefined }
  | { readonly kind: 'snapshot'; readonly snapshot: DnSnapshot }
  | { readonly kind: 'move'; readonly verdict: MoveVerdict }
  | TErrorReply;

/** `now`: claim at once. `later`: the owner says when. `no`: the phone was seen at its owner since; forget it. */
export type MoveVerdict = 'now' | 'later' | 'no';

export interface DnSnapshot {
  readonly dn: string;
  readonly owner: string;
  readonly epoch: number;
  /** Sequence number of the last event that this snapshot includes. */
  readonly seq: number;
  readonly inService: boolean;
  readonly agent: AgentView | undefined;
  readonly calls: readonly CallView[];
  readonly dnd: boolean;
  /** The message-waiting lamp. */
  readonly messageWaiting?: boolean;
  /** Only in a hand-over: what the next owner needs and nobody else sees. */
  readonly memory?: DnMemory;
}

/** Deadlines are absolute, so that timers run on at the next owner. */
export interface DnMemory {
  /** The epoch whose numbers and state go on, when this owner has not said so in an event yet. */
  readonly after?: number;
  /** The client of the login is not connected. `untilMs`: its process is gone, and somebody must take the agent over by then. */
  readonly desktop?: { readonly untilMs?: number };
  readonly agent: AgentMemory | undefined;
  /** The client that logged the agent in. */
  readonly loginBy: RequestOrigin | undefined;
  /** Orders the logins of one agent in the cluster. */
  readonly loginEpoch: number;
  /** When the agent or a call last did something (`auto-logout-timeout`). */
  readonly activeAtMs: number;
  /** Leases of routed calls, and the nodes of their session controllers. */
  readonly offers: readonly Lease[];
}

export type Lease = readonly [connID: string, untilMs: number, node: string];

export interface AgentView {
  readonly agentID: string;
  readonly agentSessionID: string;
  /** tlibrary §4.4.1: 1 logged in, 2 ready, 3 not ready, 4 after-call work. */
  readonly agentStatus: number;
  readonly workMode: string;
  readonly reasons: KVList;
  readonly loginAtMs: number;
  /** Since when the agent has been in this state. */
  readonly sinceMs: number;
}

// ---- from the owner of a DN: subjects.dnEvent(dn)

export interface DnEvent {
  readonly dn: string;
  readonly owner: string;
  readonly epoch: number;
  /** Per DN and epoch gap-free; also in the event as `DNSequence`. */
  readonly seq: number;
  readonly event: TEvent;
  readonly origin?: RequestOrigin;
  /** In the first event after a hand-over: the epoch of the owner before. */
  readonly after?: number;
  /** The first event of an owner that got no hand-over: before it the DN was idle and out of service, whatever a receiver knew. */
  readonly fresh?: true;
}

// ---- ownership: subjects.dnOwner(dn)

export type OwnershipKind = 'sip' | 'tlib' | 'static';

export type OwnerNotice =
  | {
    readonly kind: 'claim'; readonly dn: string; readonly node: string; readonly dataCentre: string; readonly ownership: OwnershipKind;
    readonly epoch: number;
  }
  /** `seq`: number of the last event, which the next owner goes on from. */
  | { readonly kind: 'release'; readonly dn: string; readonly node: string; readonly epoch: number; readonly seq?: number };

// ---- logins: subjects.agentLogin(agentID)

/** An agent logged in at a DN. Whoever owns another DN where the agent is logged in with a lower epoch logs the agent out there. */
export interface LoginNotice {
  readonly agentID: string;
  readonly dn: string;
  readonly epoch: number;
}

// ---- to the SC of a node: subjects.scCommand(node)

export type ScCommand =
  /** All items of the stream below `upTo` were applied by the owner of that epoch. `resync` asks for a {@link DnCommand} of that kind. */
  | { readonly kind: 'ack'; readonly dn: string; readonly stream: string; readonly upTo: number; readonly resync: boolean; readonly epoch?: number }
  /** Call control. Bus request, answered `accepted` or `error`; the positive event comes by the DN's events. */
  | { readonly kind: 'request'; readonly request: TRequest; readonly origin: RequestOrigin }
  /** An offer that was accepted does not hold any more: the DN went out of service before any event of the call came. */
  | { readonly kind: 'revoke'; readonly connID: string; readonly dn: string }
  /** Operators: all calls of the node. Bus request. */
  | { readonly kind: 'calls' };

export type ScReply =
  | { readonly kind: 'accepted' }
  /** For the one who asked and nobody else: EventPartyInfo and the like. */
  | { readonly kind: 'reply'; readonly event: TEvent }
  | { readonly kind: 'calls'; readonly calls: readonly CallSummary[] }
  | TErrorReply;

export interface CallSummary {
  readonly connID: string;
  readonly callUUID: string;
  readonly callType: string;
  readonly node: string;
  readonly ani: string;
  readonly dnis: string;
  readonly startedAtMs: number;
  readonly parties: readonly { readonly dn: string; readonly role: string; readonly state: string }[];
}

// ---- to the TC of a node: subjects.tcCommand(node)

export type TcCommand =
  /** A 200 to REGISTER left: the phone can be reached until then. From the SC of the node. */
  | { readonly kind: 'registered'; readonly dn: string; readonly untilMs: number }
  | { readonly kind: 'unregistered'; readonly dn: string }
  /** State of a DN from the owner that yielded, to the node that claimed with `epoch`. */
  | { readonly kind: 'handOver'; readonly epoch: number; readonly snapshot: DnSnapshot }
  /** The owner that had to wait is ready to let the DN go. */
  | { readonly kind: 'moveNow'; readonly dn: string }
  /** A request of a client there was accepted and then failed: EventError for that client alone, which takes no number of the DN's events. */
  | { readonly kind: 'refused'; readonly dn: string; readonly event: TEvent; readonly origin: RequestOrigin };

/** Asked at subjects.tcSnapshot(node). Bus request. */
export type SnapshotRequest =
  /** All DNs the node owns, in pages of at most `limit`, after DN `after`. */
  | { readonly kind: 'page'; readonly after: string; readonly limit: number }
  /** Events of `dn` from `fromSeq` on, as far as they are still held. */
  | { readonly kind: 'replay'; readonly dn: string; readonly epoch: number; readonly fromSeq: number }
  /** Last sequence number of each DN that differs from what the asker has. */
  | { readonly kind: 'verify'; readonly dns: readonly { readonly dn: string; readonly epoch: number; readonly seq: number }[] };

export type SnapshotReply =
  | { readonly kind: 'page'; readonly snapshots: readonly DnSnapshot[]; readonly more: boolean }
  /** `complete` is false when the oldest wanted event is no longer held: take a snapshot. */
  | { readonly kind: 'replay'; readonly complete: boolean; readonly events: readonly DnEvent[] }
  | { readonly kind: 'verify'; readonly behind: readonly { readonly dn: string; readonly epoch: number; readonly seq: number }[]; readonly notOwned: readonly string[] };

// ---- everybody: subjects.alive(instance), subjects.affinity(dc), subjects.location(dc)

export interface Heartbeat {
  readonly instance: string;
  /** Application name; several tiers of one node send one heartbeat each. */
  readonly node: string;
  readonly tier: 'sip-proxy' | 'session-controller' | 't-controller' | 'smart-proxy' | 'vq-server' | 'router' | 'dns-server' | 'console' | 'recorder'
  /** The other half of a pair, which runs no tier. */
  | 'standby';
  readonly dataCentre: string;
  readonly role: 'primary' | 'backup';
  /** Changes with every start of the process. */
  readonly bootEpoch: number;
  readonly draining: boolean;
  /** Live calls, owned DNs, clients: whatever the tier counts. */
  readonly load: number;
  /** This process went on from the other half of its pair (docs/specs/pairs.md). */
  readonly continues?: boolean;
  /** Epoch of the pair's term, for a node that has a pair. */
  readonly term?: number;
  /** Application name of its half that is primary, for a node that has a pair. */
  readonly half?: string;
}

export interface AffinityNotice {
  readonly dn: string;
  readonly node: string;
  /** False when the last call of the DN on that node ended. */
  readonly active: boolean;
}

// ---- to every proxy: subjects.limitsInForce(proxy)

/** A value of the bucket `limits-<site>`, as it was written. */
export interface LimitsChange {
  /** Data centre. */
  readonly site: string;
  readonly key: string;
  readonly value: object;
  readonly revision: number;
}

/** Bus request: answered when the proxy's table has the changes, or else the bucket of `site` up to `revision`. */
export interface LimitsInForceRequest {
  /** None where they are too large for a message: they are read from the bucket. */
  readonly changes: readonly LimitsChange[];
  readonly site: string;
  readonly revision: number;
}

export interface LimitsInForceReply {
  readonly kind: 'in-force' | 'late';
}

// ---- to one recorder of the data centre: subjects.verdicts(dc)

/** What a proxy's call limits said of a call from a trunk. */
export interface CallVerdict extends VerdictData {
  /** Unique: proxy, its start, and a number. */
  readonly id: string;
  readonly atMs: number;
  /** Every form under which the numbers are looked for. */
  readonly dnisForms: readonly string[];
  readonly aniForms: readonly string[];
}

/** Bus request, answered when the verdicts are in the recorder's durable queue. */
export interface KeepVerdicts {
  readonly verdicts: readonly CallVerdict[];
}

export interface VerdictsKept {
  readonly kind: 'kept';
}
