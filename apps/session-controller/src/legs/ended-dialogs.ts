/**
 * Dialogs that ended a short while ago. Over a connection a BYE that was answered leaves no transaction behind (Timer J is 0 there), and a proxy
 * that is started again brings it once more, because its answer was lost with the proxy (docs/specs/sip-proxy.md, "Started again").
 */

/** 64*T1: as long as a phone repeats its BYE (RFC 3261 §17.1.2.2). Kept for up to twice as long. */
const KEPT_MS = 32_000;
/** Of the newer half; when it is full, the older half goes early. */
const MOST = 32_768;

export class EndedDialogs {
  #newer = new Set<string>();
  #older = new Set<string>();
  #sinceMs = 0;

  add(key: string, nowMs: number): void {
    this.#turn(nowMs);
    this.#newer.add(key);
  }

  has(key: string, nowMs: number): boolean {
    this.#turn(nowMs);
    return this.#newer.has(key) || this.#older.has(key);
  }

  #turn(nowMs: number): void {
    const ageMs = nowMs - this.#sinceMs;
    if (ageMs < KEPT_MS && this.#newer.size < MOST) return;
    this.#older = ageMs < 2 * KEPT_MS ? this.#newer : new Set();
    this.#newer = new Set();
    this.#sinceMs = nowMs;
  }
}
