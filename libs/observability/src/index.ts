/** What operators see: logs, metrics, health. */
export { type HealthCheck, HealthRegistry, type HealthReport } from './health.js';
export { type LeveledLog, LOG_LEVELS, type LogLevel, type LogOptions, makeLog } from './log.js';
export { PrometheusMeter } from './prometheus-meter.js';
export { redact, redactText } from './redact.js';
