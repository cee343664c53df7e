/** Bounds of one message. What exceeds them is refused before it is looked at closely. */

export interface ParseLimits {
  /** Whole message, bytes. */
  readonly message: number;
  readonly line: number;
  readonly headers: number;
  readonly uri: number;
  readonly body: number;
}

/** A datagram cannot exceed 65,535 bytes; RFC 4475 has header lines of 1,400 bytes, so 8 KiB leaves room. */
export const DEFAULT_LIMITS: ParseLimits = { message: 65_535, line: 8_192, headers: 256, uri: 4_096, body: 60_000 };

/** For messages of our own: an answer to a message at its limits may be larger than that. */
export const NO_LIMITS: ParseLimits = { message: Infinity, line: Infinity, headers: Infinity, uri: Infinity, body: Infinity };
