/** Stores of the cluster: their ports and in-process drivers. */
export { MemoryLimiterStore } from './limiter/memory.js';
export {
  ACQUIRED_BY, CHECKS_MAX, HOLDINGS_MAX, type LimiterCheck, type LimiterClaim, type LimiterHolding, type LimiterStore, type LimiterTake,
  type LimiterVerdict, TAKES_MAX,
} from './limiter/port.js';
export { LimitsTeller, type LimitsTellerOptions, type LimitsTellerPorts } from './limiter/teller.js';
export { MemoryLocationStore } from './location/memory.js';
export type { LocationBinding, LocationDelta, LocationPage, LocationRemoval, LocationStore } from './location/port.js';
export { checkQuery, type Cursor, cursorOf, parseCursor } from './history/cursor.js';
export { MemoryHistoryStore } from './history/memory.js';
export {
  APPEND_MAX, type HistoryPage, type HistoryQuery, HistoryQueryError, type HistoryStore, HistoryUnavailable, LIMIT_MAX, RANGE_MS_MAX,
} from './history/port.js';
export {
  type AgentSessionData, type AgentStateData, type AnyHistoryRecord, type CallData, CDR_TYPE, type CdrData, type CdrType, HISTORY_KINDS,
  type HistoryData, type HistoryKind, type HistoryRecord, type PartyData, type QueueResultData, recordOf, recordText, type ResourceData, type VerdictData, wins,
} from './history/records.js';
export { StoreUnavailable } from './unavailable.js';
