/**
 * Whether a session controller answers, from OPTIONS sent to it (PRX-10). A pure machine, one per server: it probes every
 * `oos-check`, and after `oos-force` without an answer the server is out of service.
 */
import type { Machine, Out } from '#kernel';

export type ServerState =
  /** Not answered yet. */
  | 'unknown'
  | 'in-service'
  /** Answers, but takes no new calls (503). */
  | 'draining'
  | 'out-of-service';

export type ServerCheckInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'timer'; readonly timer: CheckTimer }
  | { readonly kind: 'answered'; readonly status: number; readonly latencyMs: number; readonly nowMs: number }
  /** The probe could not be sent or its connection was refused. */
  | { readonly kind: 'unreachable'; readonly reason: string }
  /** A request to it stayed without any answer, or it fell silent on the bus: ask now. */
  | { readonly kind: 'doubted'; readonly reason: string }
  /** Its lifeline was closed: it may be dead, and its answer to OPTIONS decides. */
  | { readonly kind: 'cut'; readonly reason: string }
  /** It accepts connections again: ask now, unless all is well. */
  | { readonly kind: 'found' }
  /** It says on the bus that it serves from now on, whatever was known of it: ask now, and as long as it is asked prefer others. */
  | { readonly kind: 'announced'; readonly reason: string };

export type CheckTimer = 'check' | 'force';

export type ServerCheckEffect =
  | { readonly kind: 'probe' }
  /** Ends the probe that stayed without an answer. */
  | { readonly kind: 'giveUp' }
  | { readonly kind: 'setTimer'; readonly timer: CheckTimer; readonly ms: number }
  | { readonly kind: 'clearTimer'; readonly timer: CheckTimer }
  | { readonly kind: 'changed'; readonly from: ServerState; readonly to: ServerState; readonly reason: string };

export interface ServerCheckOptions {
  /** 0: no probes but for servers in doubt. */
  readonly oosCheckMs: number;
  readonly oosForceMs: number;
  /** Whether an error answer counts as a failure. */
  readonly oosErrorCheck: boolean;
}

/** A busy server says 503 with Retry-After; it lives, and so do its dialogs (docs/specs/sip-routing.md, "Health"). */
const DRAINING_STATUS = 503;

export class ServerCheck implements Machine<ServerCheckInput, ServerCheckEffect> {
  state: ServerState = 'unknown';
  /** In words, for operators. */
  reason = 'not asked yet';
  /** A request of ours is unanswered: others are preferred until the next answer. */
  doubted = false;
  /** Its process may be gone, or not serve yet: everybody else is preferred until the next answer, other data centres too. */
  cut = false;
  lastStatus: number | undefined;
  lastAnswerMs: number | undefined;
  latencyMs: number | undefined;
  #probing = false;

  constructor(private readonly options: ServerCheckOptions) {}

  on(input: ServerCheckInput, out: Out<ServerCheckEffect>): void {
    switch (input.kind) {
      case 'start': return this.options.oosCheckMs === 0 ? undefined : this.#check(out);
      case 'timer': return input.timer === 'check' ? this.#check(out) : this.#force(out);
      case 'answered': return this.#answered(input, out);
      case 'unreachable': return this.#unreachable(input.reason, out);
      case 'doubted': return this.#doubt(input.reason, out);
      case 'cut': return this.#cut(input.reason, out);
      case 'found': return this.state === 'out-of-service' || this.doubted ? this.#askAnew(out) : undefined;
      case 'announced': return this.#announced(input.reason, out);
    }
  }

  #check(out: Out<ServerCheckEffect>): void {
    this.#probe(out);
    out.push({ kind: 'setTimer', timer: 'check', ms: this.options.oosCheckMs });
  }

  #probe(out: Out<ServerCheckEffect>): void {
    if (this.#probing) return;
    this.#probing = true;
    out.push({ kind: 'probe' });
    out.push({ kind: 'setTimer', timer: 'force', ms: this.options.oosForceMs });
  }

  #force(out: Out<ServerCheckEffect>): void {
    this.#probing = false;
    out.push({ kind: 'giveUp' });
    this.#move('out-of-service', `no answer to OPTIONS for ${this.options.oosForceMs / 1_000} s`, out);
  }

  #answered(input: ServerCheckInput & { kind: 'answered' }, out: Out<ServerCheckEffect>): void {
    this.#endProbe(out);
    this.doubted = false;
    this.cut = false;
    this.lastStatus = input.status;
    this.lastAnswerMs = input.nowMs;
    this.latencyMs = input.latencyMs;
    this.#move(this.#stateFor(input.status), `answered OPTIONS with ${input.status}`, out);
  }

  #stateFor(status: number): ServerState {
    if (status === DRAINING_STATUS) return 'draining';
    return status >= 300 && this.options.oosErrorCheck ? 'out-of-service' : 'in-service';
  }

  #unreachable(reason: string, out: Out<ServerCheckEffect>): void {
    this.#endProbe(out);
    this.#move('out-of-service', reason, out);
  }

  #doubt(reason: string, out: Out<ServerCheckEffect>): void {
    if (this.state === 'out-of-service') return;
    this.doubted = true;
    this.reason = reason;
    this.#probe(out);
  }

  #cut(reason: string, out: Out<ServerCheckEffect>): void {
    if (this.state === 'out-of-service') return;
    this.doubted = true;
    this.cut = true;
    this.reason = reason;
    this.#askAnew(out);
  }

  /** It may say so before its ports are open: others are preferred until it answers. */
  #announced(reason: string, out: Out<ServerCheckEffect>): void {
    this.doubted = true;
    this.cut = true;
    this.#move('unknown', reason, out);
    this.#askAnew(out);
  }

  /** What was asked before says nothing of now. */
  #askAnew(out: Out<ServerCheckEffect>): void {
    if (this.#probing) {
      this.#endProbe(out);
      out.push({ kind: 'giveUp' });
    }
    this.#probe(out);
  }

  #endProbe(out: Out<ServerCheckEffect>): void {
    this.#probing = false;
    out.push({ kind: 'clearTimer', timer: 'force' });
  }

  #move(to: ServerState, reason: string, out: Out<ServerCheckEffect>): void {
    const from = this.state;
    this.state = to;
    this.reason = reason;
    if (from !== to) out.push({ kind: 'changed', from, to, reason });
  }
}
