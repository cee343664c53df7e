/** Where the call limits are kept, changed, and told to proxies (docs/specs/limits.md, "Changes"). */
export { lineErrors } from './ani-changes.js';
export { AUDIT_MAX, type AuditPage, type AuditQuery, type AuditRecord } from './audit.js';
export { type Backup, blockedAnis, readBackup, writeBackup } from './backup.js';
export { type Changed, LimitsChanges, type LimitsChangesPorts } from './changes.js';
export { IN_FORCE_MS, LimitsInForce } from './in-force.js';
export { Refused, refused, type RefusedKind } from './refused.js';
export { type LimitsPlace, LimitsRepository, type LimitsRepositoryPorts } from './repository.js';
export { type Actor, mayTouch, type RuleChange, type VersionedRule } from './rule-changes.js';
