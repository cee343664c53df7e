/** Thrown when a store's server does not answer now. The same may be asked again later. */
export class StoreUnavailable extends Error {
  readonly code = 'STORE_UNAVAILABLE';
  readonly retryable = true;

  constructor(readonly store: string, reason: string) {
    super(`the ${store} store does not answer: ${reason}`);
  }
}
