/**
 * What history is made of. A record has a natural key, so that writing it twice, or by two recorders, makes one record. Times are
 * milliseconds since 1970 by the clock of the server that told of the event.
 */

export type HistoryKind = keyof HistoryData;

export const HISTORY_KINDS = [
  'call', 'party', 'cdr', 'agentSession', 'agentState', 'queueResult', 'resource', 'verdict',
] as const satisfies readonly HistoryKind[];

/** One record. Plain data that JSON carries. */
export interface HistoryRecord<K extends HistoryKind = HistoryKind> {
  readonly kind: K;
  /** Unique among the records of its kind: letters, digits and `-_.:@+*#/`, at most 200. */
  readonly key: string;
  /** When it began. Belongs to the identity: the same in every version. */
  readonly atMs: number;
  /** Whole, from 0. Of two versions of one record the higher stands ({@link wins}). */
  readonly version: number;
  /** What it is found by. A later version has at least the terms of an earlier one. */
  readonly connID?: string;
  readonly dns: readonly string[];
  readonly agents: readonly string[];
  /** Further words, each `name:value`. */
  readonly terms?: readonly string[];
  readonly data: HistoryData[K];
}

export interface HistoryData {
  readonly call: CallData;
  readonly party: PartyData;
  readonly cdr: CdrData;
  readonly agentSession: AgentSessionData;
  readonly agentState: AgentStateData;
  readonly queueResult: QueueResultData;
  readonly resource: ResourceData;
  readonly verdict: VerdictData;
}

/** A call from its first party to its last. Key: CallUUID. */
export interface CallData {
  readonly callUUID: string;
  readonly callID: number;
  readonly callType: string;
  readonly ani: string;
  readonly dnis: string;
  /** Where it came in, and in which data centre. */
  readonly node: string;
  readonly endedAtMs: number;
  /** False: the server that knew its end was lost. */
  readonly complete: boolean;
  readonly parties: number;
  /** Column to value, as the specification of user data chose them (HR-07). */
  readonly userData: Readonly<Record<string, string>>;
}

/** The part of a DN, a Routing Point or an outside number in a call. Key: PartyUUID. The agent is found by DN and time (HR-02). */
export interface PartyData {
  readonly callUUID: string;
  readonly dn: string;
  /** `Internal`, `External` or `RoutingPoint`. */
  readonly partyType: string;
  readonly role: string;
  /** Of an outside party, else empty. */
  readonly trunk: string;
  /** Who brought it into the call, else empty. */
  readonly broughtBy: string;
  /** T-Library's Cause of coming and of leaving. */
  readonly cause: string;
  readonly endCause: string;
  readonly endedAtMs: number;
  readonly queuedMs: number;
  readonly ringMs: number;
  readonly talkMs: number;
  readonly heldMs: number;
}

/** HR-15. */
export const CDR_TYPE = { rejected: -2, internalError: -1, handled: 0, droppedInQueue: 1 } as const;
export type CdrType = (typeof CDR_TYPE)[keyof typeof CDR_TYPE];

/** One attempt to give a call to somebody; a call may have several. Key: PartyUUID of the destination, or of the queue when there was none. */
export interface CdrData {
  readonly type: CdrType;
  readonly callUUID: string;
  /** From 1 within the call. */
  readonly attempt: number;
  /** Whom the call was given to; the queue when it was dropped there. */
  readonly dn: string;
  /** Routing Point that gave it, else empty. */
  readonly queue: string;
  readonly ani: string;
  /** In the queue before this attempt, ringing, and talking (on hold included). */
  readonly waitMs: number;
  readonly pickupMs: number;
  readonly talkMs: number;
  readonly rejected: boolean;
  /** Why it ended: T-Library's Cause. */
  readonly cause: string;
  /** `routed`, `default-routed`, `transferred`, `held`. */
  readonly flags: readonly string[];
  readonly media: 'voice';
}

/** From login to logout. Key: AgentSessionID. */
export interface AgentSessionData {
  readonly agentID: string;
  readonly dn: string;
  readonly node: string;
  /** Absent while it lasts. */
  readonly endedAtMs?: number;
  /** Why it ended, as far as it is known. */
  readonly endCause?: string;
}

/** An agent was in one state for that time. Key: AgentSessionID and the epoch and number of the event that began it. */
export interface AgentStateData {
  readonly agentID: string;
  readonly dn: string;
  readonly sessionID: string;
  readonly state: 'Ready' | 'NotReady' | 'AfterCallWork' | 'LegalGuard';
  readonly workMode: string;
  /** Reasons that the agent gave with it (HR-16). */
  readonly reasons: Readonly<Record<string, string>>;
  readonly endedAtMs?: number;
  /** What ended it: the event's name. */
  readonly endCause?: string;
}

/** How a call fared in a virtual queue. Key: queue, ConnID and when it came. */
export interface QueueResultData {
  readonly queue: string;
  readonly callUUID: string;
  readonly ani: string;
  readonly endedAtMs?: number;
  /** Absent while it waits. */
  readonly result?: 'diverted' | 'abandoned' | 'cleared';
  /** Where it went, else empty. */
  readonly target: string;
}

/** A DN that took part in something and stands in no configuration that the recorder read (HR-12). Key: switch and DN. `atMs` is 0. */
export interface ResourceData {
  readonly switchName: string;
  readonly dn: string;
  readonly type: string;
  readonly firstSeenAtMs: number;
}

/** What call limits said of a call from a trunk (docs/specs/limits.md). Key: proxy, its start, and a number. */
export interface VerdictData {
  readonly verdict: 'passed' | 'refused' | 'shadow-refused';
  /** As the trunk wrote them. */
  readonly dnis: string;
  readonly ani: string;
  readonly trunk: string;
  /** Of the answer; 0 when it was let in. */
  readonly sipCode: number;
  readonly reason: string;
  /** That refused it, or that would have if they were no shadows. */
  readonly rules: readonly string[];
  readonly division: string;
  /** What held because the store was away, else empty. */
  readonly withoutStore: string;
  /** SIP's Call-ID of the trunk's leg. */
  readonly callId: string;
  readonly proxy: string;
  readonly dataCentre: string;
}

export type AnyHistoryRecord = { [K in HistoryKind]: HistoryRecord<K> }[HistoryKind];

/**
 * Which of two records with one key stands: the higher version, of equal ones the greater text. Commutative and associative, so the
 * order of writes does not matter. A server that keeps the highest write time may use `version` as such.
 */
export function wins(challenger: HistoryRecord, holder: HistoryRecord): boolean {
  if (challenger.version !== holder.version) return challenger.version > holder.version;
  return Buffer.compare(Buffer.from(recordText(challenger)), Buffer.from(recordText(holder))) > 0;
}

/** The record as one text, for drivers that store it whole; keys in a fixed order, so that equal records have equal texts. */
export function recordText(record: HistoryRecord): string {
  return JSON.stringify(sorted(record));
}

export function recordOf(text: string): AnyHistoryRecord {
  return JSON.parse(text) as AnyHistoryRecord;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, each]) => [name, sorted(each)]));
}
