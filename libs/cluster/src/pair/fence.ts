/** Keeps a process silent that cannot prove that it is primary (docs/specs/pairs.md). */

export interface Fence {
  /** Whether this process may act for its node at this moment: looks at the clock each time, since a timer of a paused process comes late. */
  isOpen(): boolean;
}
