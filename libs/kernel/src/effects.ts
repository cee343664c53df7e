/** What a machine writes its effects into. Order is part of a machine's contract. */

export interface Out<E> {
  push(effect: E): unknown;
}

/** A state machine of the house: one input at a time, effects out, no clock, no I/O (architecture §3). */
export interface Machine<I, E> {
  on(input: I, out: Out<E>): void;
}
