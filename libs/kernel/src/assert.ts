/** Assertions that stay on in production: a broken one tears down the call it belongs to, never the process. */

export class AssertionFailed extends Error {
  readonly code = 'ASSERTION_FAILED';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailed(message);
}

/** Ends every exhaustive `switch`: the compiler proves it is not reached, and at run time it says what came instead. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unexpected ${JSON.stringify(value)}`);
}
