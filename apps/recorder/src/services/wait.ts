import type { Clock } from '#kernel';

export const firstAfter = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => { clock.setTimer(ms, resolve); });
