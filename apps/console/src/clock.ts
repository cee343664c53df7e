/** The process's clock, for controllers. */
export const CLOCK = Symbol('CLOCK');
