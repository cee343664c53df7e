import type { Clock } from '#kernel';

/** Resolves after that time. */
export const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => { clock.setTimer(ms, resolve); });
