/** The ground floor: what every other room stands on. Imports nothing of the house. */
export { AssertionFailed, assert, unreachable } from './assert.js';
export { BoundedQueue } from './bounded-queue.js';
export type { Clock, Timer } from './clock.js';
export { compact } from './compact.js';
export type { Machine, Out } from './effects.js';
export type { Entropy } from './entropy.js';
export { firstAfter } from './first-after.js';
export { type Log, type LogFields, silentLog } from './log.js';
export { type Counter, CountingMeter, type Meter } from './meter.js';
export { fail, ok, type Result } from './result.js';
export { SystemClock, SystemEntropy } from './system.js';
export { TimerWheel } from './timer-wheel.js';
