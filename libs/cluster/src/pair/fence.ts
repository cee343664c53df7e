/** Keeps a process silent that cannot prove that it is primary (docs/specs/pairs.md). */

/** `in`: towards the tiers; `out`: from them. */
export type Way = 'in' | 'out';

export interface Fence {
  /** Whether this process may act for its node at this moment: looks at the clock each time, since a timer of a paused process comes late. */
  isOpen(): boolean;
  /**
   * For what finds the fence closed. When the next proof of the same term may open it soon, `work` waits for that, in its order, and is then told
   * whether it passes. False: it never will, and `work` is not called.
   */
  hold(way: Way, work: (passed: boolean) => void): boolean;
}
