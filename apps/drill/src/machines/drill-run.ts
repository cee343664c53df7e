/** A drill from its first phone to its verdict: what comes when. docs/specs/drills.md has the table. */
import type { FaultAction } from '../topology/port.js';
import type { Step } from './drills.js';

export type RunState = 'Idle' | 'Preparing' | 'Steady' | 'Stepping' | 'Waiting' | 'Healing' | 'Exercising' | 'Ending' | 'Over';

export type RunInput =
  | { readonly kind: 'begin' }
  /** The shell has done the last effect of `prepare`, `perform`, `movePhone`, `exercise` or `end`. */
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** What has no service now; looked at each quarter of a second from the first fault on. */
  | { readonly kind: 'health'; readonly missing: readonly string[] }
  | { readonly kind: 'tick' }
  | { readonly kind: 'interrupted' };

export type RunEffect =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'perform'; readonly actions: readonly FaultAction[] }
  | { readonly kind: 'movePhone' }
  | { readonly kind: 'exercise' }
  /** Undo what is not undone, end every call, log everybody out, look whether anything is left. */
  | { readonly kind: 'end' }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'over' };

export interface RunResult {
  /** Milliseconds since the drill began. */
  readonly notes: readonly { readonly atMs: number; readonly text: string }[];
  /** Undefined: never everybody had service again. */
  readonly healedS: number | undefined;
  /** What had no service when the drill gave up waiting. */
  readonly missing: readonly string[];
  /** A step that could not be done, or an interruption: then nothing is proven. */
  readonly broken: string | undefined;
}

export interface RunOptions {
  readonly steps: readonly Step[];
  readonly healsFrom: 'fault' | 'end';
  /** How long the load stands before the first step. */
  readonly steadyMs: number;
  /** Longest wait for everybody's service after the last step. */
  readonly healMs: number;
}

type Timed = RunInput & { readonly nowMs: number };

/** Service counts as back when nothing was missing for so long. */
const CALM_MS = 2_000;

export class DrillRun {
  #state: RunState = 'Idle';
  #next = 0;
  #startMs = 0;
  #untilMs = Infinity;
  #firstMs: number | undefined;
  #lastMs = 0;
  #lastMissingMs = 0;
  #missing: readonly string[] = [];
  #shown = '';
  #healed: number | undefined;
  #broken: string | undefined;
  readonly #notes: { atMs: number; text: string }[] = [];

  constructor(private readonly options: RunOptions) {}

  get state(): RunState {
    return this.#state;
  }

  get result(): RunResult {
    return { notes: this.#notes, healedS: this.#healed, missing: this.#missing, broken: this.#broken };
  }

  on(input: Timed, out: RunEffect[]): void {
    if (this.#state === 'Over') return;
    switch (input.kind) {
      case 'begin': return this.#begin(input.nowMs, out);
      case 'failed': return this.#failed(input.reason, input.nowMs, out);
      case 'interrupted': return this.#failed('it was interrupted', input.nowMs, out);
      case 'health': return this.#health(input.missing, input.nowMs, out);
      case 'tick': return this.#tick(input.nowMs, out);
      case 'done': return this.#done(input.nowMs, out);
    }
  }

  #begin(nowMs: number, out: RunEffect[]): void {
    this.#startMs = nowMs;
    this.#state = 'Preparing';
    out.push({ kind: 'prepare' });
  }

  #done(nowMs: number, out: RunEffect[]): void {
    switch (this.#state) {
      case 'Preparing':
        this.#note('the load stands', nowMs, out);
        this.#state = 'Steady';
        this.#untilMs = nowMs + this.options.steadyMs;
        return;
      case 'Stepping': return this.#step(nowMs, out);
      case 'Exercising':
        this.#note('every call was exercised', nowMs, out);
        return this.#end(out);
      case 'Ending':
        this.#state = 'Over';
        return void out.push({ kind: 'over' });
      default: return undefined;
    }
  }

  #tick(nowMs: number, out: RunEffect[]): void {
    if (nowMs < this.#untilMs) return;
    if (this.#state === 'Steady' || this.#state === 'Waiting') return this.#step(nowMs, out);
    if (this.#state === 'Healing') this.#exercise(nowMs, out);
  }

  #step(nowMs: number, out: RunEffect[]): void {
    const step = this.options.steps[this.#next];
    this.#next += 1;
    this.#untilMs = Infinity;
    if (step === undefined) {
      this.#state = 'Healing';
      this.#untilMs = nowMs + this.options.healMs;
      return this.#whenCalm(nowMs, out);
    }
    switch (step.kind) {
      case 'do':
        this.#firstMs ??= nowMs;
        this.#lastMs = nowMs;
        this.#note(step.says, nowMs, out);
        this.#state = 'Stepping';
        return void out.push({ kind: 'perform', actions: step.actions });
      case 'movePhone':
        this.#firstMs ??= nowMs;
        this.#lastMs = nowMs;
        this.#state = 'Stepping';
        return void out.push({ kind: 'movePhone' });
      case 'wait':
      case 'untilHealthy':
        this.#state = 'Waiting';
        this.#untilMs = nowMs + 1_000 * (step.kind === 'wait' ? step.seconds : step.withinS);
        return this.#whenCalm(nowMs, out);
    }
  }

  #health(missing: readonly string[], nowMs: number, out: RunEffect[]): void {
    this.#missing = missing;
    if (missing.length > 0) this.#lastMissingMs = nowMs;
    const shown = missing.length === 0 ? 'everybody has service' : `without service: ${some(missing)}`;
    if (shown !== this.#shown && (this.#shown !== '' || missing.length > 0)) this.#note(shown, nowMs, out);
    this.#shown = shown;
    this.#whenCalm(nowMs, out);
  }

  /** Goes on as soon as nothing was missing for a while. */
  #whenCalm(nowMs: number, out: RunEffect[]): void {
    this.#noteHealed(nowMs);
    const waits = this.#state === 'Waiting' && this.options.steps[this.#next - 1]?.kind === 'untilHealthy';
    if (!waits && this.#state !== 'Healing') return;
    if (this.#missing.length > 0 || nowMs - Math.max(this.#lastMissingMs, this.#lastMs) < CALM_MS) return;
    if (waits) return this.#step(nowMs, out);
    this.#exercise(nowMs, out);
  }

  /** From the fault: when service was back first, whatever is done later. From the end: when it was back for good. */
  #noteHealed(nowMs: number): void {
    const isOver = this.options.healsFrom === 'end' ? this.#state === 'Healing' : this.#firstMs !== undefined;
    const fromMs = (this.options.healsFrom === 'fault' ? this.#firstMs : this.#lastMs) ?? nowMs;
    if (!isOver || this.#healed !== undefined || this.#missing.length > 0 || nowMs - Math.max(this.#lastMissingMs, fromMs) < CALM_MS) return;
    this.#healed = Math.max(0, this.#lastMissingMs - fromMs) / 1_000;
  }

  #exercise(nowMs: number, out: RunEffect[]): void {
    this.#state = 'Exercising';
    this.#untilMs = Infinity;
    this.#note('hold, retrieve, transfer and end every call', nowMs, out);
    out.push({ kind: 'exercise' });
  }

  #failed(reason: string, nowMs: number, out: RunEffect[]): void {
    this.#broken ??= reason;
    this.#note(reason, nowMs, out);
    if (this.#state === 'Ending') {
      this.#state = 'Over';
      out.push({ kind: 'over' });
    } else {
      this.#end(out);
    }
  }

  #end(out: RunEffect[]): void {
    this.#state = 'Ending';
    this.#untilMs = Infinity;
    out.push({ kind: 'end' });
  }

  #note(text: string, nowMs: number, out: RunEffect[]): void {
    this.#notes.push({ atMs: nowMs - this.#startMs, text });
    out.push({ kind: 'note', text });
  }
}

const SHOWN_MAX = 4;

function some(names: readonly string[]): string {
  const more = names.length - SHOWN_MAX;
  return names.slice(0, SHOWN_MAX).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
