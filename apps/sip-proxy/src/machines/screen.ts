/** Requests that earn no answer (PRX-31): they come from tools that look for open switches, and any answer is what they look for. */
import type { SipRequest } from '#sip';

export class Screen {
  readonly #scanners: readonly string[];

  /** @param scanners parts of User-Agent values, in any case */
  constructor(scanners: readonly string[]) {
    this.#scanners = scanners.map((scanner) => scanner.toLowerCase());
  }

  admits(request: SipRequest): boolean {
    if (this.#scanners.length === 0) return true;
    const userAgent = request.header('User-Agent')?.toLowerCase();
    return userAgent === undefined || !this.#scanners.some((scanner) => userAgent.includes(scanner));
  }
}

/** Requests within dialogs passed when the dialog began. */
export function opens({ method, to }: SipRequest): boolean {
  return to.tag === undefined && method !== 'ACK';
}
