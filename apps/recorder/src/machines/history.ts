/** Everything that a recorder heard, in the order of its queue, to records (docs/specs/history.md). */
import type { Machine, Out } from '#kernel';
import { Agents } from './agents.js';
import { Calls } from './calls.js';
import type { HistoryEffect } from './effects.js';
import type { Heard } from './heard.js';
import { Queues } from './queues.js';
import { Resources } from './resources.js';
import type { UserDataSpec } from './user-data-spec.js';

export type HistoryInput =
  | { readonly kind: 'heard'; readonly seq: number; readonly heard: Heard }
  | { readonly kind: 'tick'; readonly nowMs: number };

export interface HistoryRules {
  readonly switchName: string;
  readonly userData: UserDataSpec;
  readonly typeOf: (dn: string) => string | undefined;
}

export class History implements Machine<HistoryInput, HistoryEffect> {
  readonly #calls: Calls;
  readonly #agents = new Agents();
  readonly #queues = new Queues();
  readonly #resources: Resources;
  /** Last number of each session: what is appended twice is taken once. */
  readonly #last = new Map<string, { readonly session: string; sequence: number }>();

  constructor({ switchName, userData, typeOf }: HistoryRules) {
    this.#calls = new Calls(userData);
    this.#resources = new Resources(switchName, typeOf);
  }

  get state(): { calls: number; agents: number; waiting: number } {
    return { calls: this.#calls.live, agents: this.#agents.loggedIn, waiting: this.#queues.waiting };
  }

  on(input: HistoryInput, out: Out<HistoryEffect>): void {
    if (input.kind === 'tick') {
      this.#calls.on(input, out);
      return this.#queues.on(input, out);
    }
    const { seq, heard } = input;
    if (this.#isDouble(heard)) return void out.push({ kind: 'release', seqs: [seq] });
    this.#resources.on(heard.event, out);
    if (heard.source.endsWith('/IPport')) return this.#calls.on(input, out);
    return heard.source.endsWith('/TCport') ? this.#agents.on({ seq, heard }, out) : this.#queues.on(input, out);
  }

  #isDouble({ source, session, sequence }: Heard): boolean {
    const last = this.#last.get(source);
    if (last?.session !== session) {
      this.#last.set(source, { session, sequence });
      return false;
    }
    if (sequence <= last.sequence) return true;
    last.sequence = sequence;
    return false;
  }
}
