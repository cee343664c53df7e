/**
 * Whether a trunk can take calls, found out with OPTIONS (SC-35, tlibrary §12.3). A pure machine.
 *
 * `oos-check` seconds after an answer the trunk is asked again; no answer within `oos-force` puts it out of service, at once
 * when `oos-error-check` makes an error answer count. It comes back when it has answered well for `recovery-timeout`, with
 * the first good answer when that is 0.
 *
 * With `sipp-oos-recheck` (PRX-22) silence alone does not put it out of service: the proxy that was to ask the trunk is asked itself first. One that
 * does not answer either says nothing about the trunk, which stays as it was and is asked again, at once when there is another proxy.
 */
import type { Machine, Out } from '#kernel';

export interface TrunkCheckSettings {
  /** Seconds between probes; 0 = never asked, always in service. */
  readonly oosCheck: number;
  /** Seconds after an unanswered probe until the trunk is out of service. */
  readonly oosForce: number;
  /** Whether an answer of 400 and above counts as a failure. */
  readonly oosErrorCheck: boolean;
  /** Seconds for which an out-of-service trunk must answer well before it is used again. */
  readonly recoveryTimeout: number;
  /** Whether the proxy must have answered itself before the trunk is put out of service. */
  readonly recheck: boolean;
}

export type TrunkCheckInput =
  | { readonly kind: 'start'; readonly nowMs: number }
  /** Final answer to the probe. */
  | { readonly kind: 'answer'; readonly probe: number; readonly status: number; readonly nowMs: number }
  /** There will be none: `status` is 408 when the transaction timed out, 503 when nothing could be reached. */
  | { readonly kind: 'noAnswer'; readonly probe: number; readonly status: number; readonly nowMs: number }
  /** What came of `checkProxy`. `hasOther`: there is another proxy to try. */
  | { readonly kind: 'proxyChecked'; readonly probe: number; readonly answers: boolean; readonly hasOther: boolean; readonly nowMs: number }
  | { readonly kind: 'timer'; readonly timer: TrunkTimer; readonly nowMs: number };

export type TrunkTimer = 'probe' | 'force';

export type TrunkCheckEffect =
  | { readonly kind: 'sendOptions'; readonly probe: number }
  /** Ask the proxy that this probe went to whether it answers. */
  | { readonly kind: 'checkProxy'; readonly probe: number }
  | { readonly kind: 'setTimer'; readonly timer: TrunkTimer; readonly delayMs: number }
  | { readonly kind: 'clearTimer'; readonly timer: TrunkTimer }
  | { readonly kind: 'changed'; readonly inService: boolean; readonly reason: string };

/** What an operator wants to know of a trunk. */
export interface TrunkHealth {
  readonly inService: boolean;
  readonly sinceMs: number;
  readonly reason: string;
  readonly lastAnswer: { readonly status: number; readonly atMs: number } | undefined;
  readonly lastProbeMs: number | undefined;
}

export class TrunkCheck implements Machine<TrunkCheckInput, TrunkCheckEffect> {
  #inService = true;
  #sinceMs = 0;
  #reason = 'not checked yet';
  /** First of the good answers in a row. */
  #healthySinceMs: number | undefined;
  #probe = 0;
  #waiting = false;
  /** Why the trunk will be out of service if its proxy answers. */
  #suspicion: string | undefined;
  #lastAnswer: TrunkHealth['lastAnswer'];
  #lastProbeMs: number | undefined;

  constructor(private readonly settings: TrunkCheckSettings) {}

  get inService(): boolean {
    return this.#inService;
  }

  get health(): TrunkHealth {
    return {
      inService: this.#inService, sinceMs: this.#sinceMs, reason: this.#reason,
      lastAnswer: this.#lastAnswer, lastProbeMs: this.#lastProbeMs,
    };
  }

  on(input: TrunkCheckInput, out: Out<TrunkCheckEffect>): void {
    switch (input.kind) {
      case 'start': return this.#start(input.nowMs, out);
      case 'answer': return this.#answered(input.probe, input.status, input.nowMs, out);
      case 'noAnswer': return this.#ended(input.probe, input.status, input.nowMs, out);
      case 'proxyChecked': return this.#proxyChecked(input, out);
      case 'timer': return input.timer === 'probe' ? this.#ask(input.nowMs, out) : this.#unanswered(input.nowMs, out);
    }
  }

  #start(nowMs: number, out: Out<TrunkCheckEffect>): void {
    this.#sinceMs = nowMs;
    if (this.settings.oosCheck > 0) this.#ask(nowMs, out);
    else this.#reason = 'oos-check is 0: never checked';
  }

  #ask(nowMs: number, out: Out<TrunkCheckEffect>): void {
    this.#probe += 1;
    this.#waiting = true;
    this.#suspicion = undefined;
    this.#lastProbeMs = nowMs;
    out.push({ kind: 'sendOptions', probe: this.#probe });
    out.push({ kind: 'setTimer', timer: 'force', delayMs: this.settings.oosForce * 1000 });
  }

  #answered(probe: number, status: number, nowMs: number, out: Out<TrunkCheckEffect>): void {
    // An answer that came after `oos-force` still proves that the trunk lives; one to an older probe proves nothing new.
    if (probe !== this.#probe || status < 200) return;
    this.#lastAnswer = { status, atMs: nowMs };
    const healthy = this.#isHealthy(status);
    if (this.#waiting) {
      this.#waiting = false;
      out.push({ kind: 'clearTimer', timer: 'force' });
      this.#askLater(out);
    } else if (this.#suspicion !== undefined) {
      this.#suspicion = undefined;
      this.#askLater(out);
    }
    if (healthy) this.#answeredWell(status, nowMs, out);
    else this.#failed(`OPTIONS answered with ${status}`, nowMs, out);
  }

  /** 408 and 503 are what a proxy says when the trunk did not answer or could not be reached. */
  #isHealthy(status: number): boolean {
    if (status === 408 || status === 503) return false;
    return status < 400 || !this.settings.oosErrorCheck;
  }

  #unanswered(nowMs: number, out: Out<TrunkCheckEffect>): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#silent(`OPTIONS not answered within ${this.settings.oosForce} s`, nowMs, out);
  }

  #ended(probe: number, status: number, nowMs: number, out: Out<TrunkCheckEffect>): void {
    if (!this.settings.recheck) return this.#answered(probe, status, nowMs, out);
    if (probe !== this.#probe || !this.#waiting) return;
    this.#waiting = false;
    out.push({ kind: 'clearTimer', timer: 'force' });
    this.#silent(status === 408 ? 'OPTIONS not answered' : 'OPTIONS could not be sent', nowMs, out);
  }

  #silent(reason: string, nowMs: number, out: Out<TrunkCheckEffect>): void {
    if (this.settings.recheck && this.#inService) {
      this.#suspicion = reason;
      out.push({ kind: 'checkProxy', probe: this.#probe });
      return;
    }
    this.#askLater(out);
    this.#failed(reason, nowMs, out);
  }

  #proxyChecked({ probe, answers, hasOther, nowMs }: TrunkCheckInput & { kind: 'proxyChecked' }, out: Out<TrunkCheckEffect>): void {
    const reason = this.#suspicion;
    if (probe !== this.#probe || reason === undefined) return;
    this.#suspicion = undefined;
    if (!answers) this.#reason = `${reason}; its proxy does not answer either`;
    if (!answers && hasOther) return this.#ask(nowMs, out);
    this.#askLater(out);
    if (answers) this.#failed(reason, nowMs, out);
  }

  #askLater(out: Out<TrunkCheckEffect>): void {
    out.push({ kind: 'setTimer', timer: 'probe', delayMs: this.settings.oosCheck * 1000 });
  }

  #answeredWell(status: number, nowMs: number, out: Out<TrunkCheckEffect>): void {
    this.#healthySinceMs ??= nowMs;
    const recovering = !this.#inService && nowMs - this.#healthySinceMs < this.settings.recoveryTimeout * 1000;
    if (recovering) this.#reason = `answers again, used after recovery-timeout (${this.settings.recoveryTimeout} s)`;
    else this.#become(true, `OPTIONS answered with ${status}`, nowMs, out);
  }

  #failed(reason: string, nowMs: number, out: Out<TrunkCheckEffect>): void {
    this.#healthySinceMs = undefined;
    this.#become(false, reason, nowMs, out);
  }

  #become(inService: boolean, reason: string, nowMs: number, out: Out<TrunkCheckEffect>): void {
    this.#reason = reason;
    if (inService === this.#inService) return;
    this.#inService = inService;
    this.#sinceMs = nowMs;
    out.push({ kind: 'changed', inService, reason });
  }
}
