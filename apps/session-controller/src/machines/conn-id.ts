/**
 * Names of calls. A ConnID says by itself which node made it, so that a request finds the call's session controller without
 * asking anybody: 3 hex digits server-id, 5 hex digits start of the process (seconds, modulo 2^20), 8 hex digits counter.
 */
import type { CallIdentity } from '#telephony';

const BOOT_MODULUS = 0x10_0000;
const COUNTER_MODULUS = 0x1_0000_0000;
const UUID_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUV';
const UUID_BYTES = 20;

export class CallNames {
  readonly #prefix: string;
  #counter: number;

  /** `lastCallID`: of a call that goes on from before the start. */
  constructor(serverId: number, bootMs: number, private readonly randomBytes: (count: number) => Uint8Array, lastCallID = 0) {
    this.#counter = lastCallID;
    const boot = Math.floor(bootMs / 1000) % BOOT_MODULUS;
    this.#prefix = hex(serverId, 3) + hex(boot, 5);
  }

  next(nowMs: number): CallIdentity {
    this.#counter = (this.#counter + 1) % COUNTER_MODULUS;
    return {
      connID: this.#prefix + hex(this.#counter, 8),
      callUUID: callUuid(this.randomBytes(UUID_BYTES)),
      callID: this.#counter,
      startedAtMs: nowMs,
    };
  }
}

/** 20 bytes as the 32 characters 0-9 A-V that T-Library shows (5 bits each). */
export function callUuid(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += UUID_ALPHABET[(held >>> bits) & 31];
    }
  }
  return text;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
