/** Rules by the seed, and somebody at a console who changes them while calls come. */
import { parseRuleInput, type Rule, type RuleInput, type WithoutStore } from '#limits';
import { LimitsChanges, LimitsRepository } from '#limits-store';
import type { SeededEntropy, SimPorts, SimProcess, StartSimProcess } from '#simulation';

export const NUMBERS = ['5000', '5001', '7001', '7002'] as const;
const QUEUES = [['5000'], ['VQ_Support'], ['5000', 'VQ_Support'], ['5001']] as const;
const ACTOR = { name: 'console' };
const CHANGE_MS_MAX = 12_000;

export interface ConsoleProcess extends SimProcess {
  readonly changes: LimitsChanges;
  readonly rules: LimitsRepository;
}

export function consoleProcess(dataCentres: readonly string[], proxies: readonly string[]): StartSimProcess<ConsoleProcess> {
  return (ports: SimPorts) => {
    const rules = new LimitsRepository({ dataCentre: dataCentres[0] as string, dataCentres }, ports);
    rules.start();
    const changes = new LimitsChanges(rules, 1, { ...ports, proxies: () => proxies });
    return {
      changes, rules,
      close: () => {
        changes.close();
        rules.close();
      },
    };
  };
}

export class RuleMaker {
  changes = 0;

  constructor(
    private readonly console: ConsoleProcess, private readonly random: SeededEntropy, private readonly withoutStore: WithoutStore,
    private readonly nowMs: () => number,
  ) {}

  /** Resolves when it is written. What the key-value server did not take is left: the rules stay as they are. */
  async put(input: RuleInput): Promise<void> {
    this.changes += 1;
    await this.console.changes.putRule(ACTOR, { id: `on-${input.dnis}`, input: () => input }).catch(() => {});
  }

  /** From now on rules hold, and these are there. */
  async begin(rules: readonly RuleInput[] = NUMBERS.map((dnis) => this.draw(dnis))): Promise<void> {
    await this.console.changes.setMode(ACTOR, 'dnis');
    for (const rule of rules) await this.put(rule);
  }

  until(untilMs: number, clock: SimPorts['clock']): void {
    const waitMs = this.random.between(500, CHANGE_MS_MAX);
    if (clock.nowMs() + waitMs >= untilMs) return;
    clock.setTimer(waitMs, () => void this.#change().then(() => this.until(untilMs, clock)));
  }

  draw(dnis: string): RuleInput {
    const { random, withoutStore } = this;
    const base = { dnis, withoutStore, enabled: random.chance(0.9), shadow: random.chance(0.2), limit: random.between(1, 4), schedule: this.#schedule() };
    const roll = random.fraction();
    const queues = random.pick(QUEUES);
    const combine = random.pick(['sum', 'any'] as const);
    if (roll < 0.35) return inputOf({ ...base, type: 'concurrent' });
    if (roll < 0.5) return inputOf({ ...base, type: 'concurrent-sum', dnisAlso: [random.pick(NUMBERS.filter((each) => each !== dnis))] });
    if (roll < 0.72) return inputOf({ ...base, type: 'waiting', queues, combine });
    if (roll < 0.8) return inputOf({ ...base, type: 'waiting-and-interactions', queues, combine });
    if (roll < 0.88) return inputOf({ ...base, type: 'interactions', queues, combine });
    if (roll < 0.97) return inputOf({ ...base, type: 'agents', queues: ['5000'], limit: random.between(0, 2) });
    return inputOf({ ...base, type: 'all-busy' });
  }

  async #change(): Promise<void> {
    const dnis = this.random.pick(NUMBERS);
    if (!this.random.chance(0.15)) return this.put(this.draw(dnis));
    this.changes += 1;
    await this.console.changes.removeRule(ACTOR, `on-${dnis}`).catch(() => {});
  }

  /** Of a minute that begins or ends soon. */
  #schedule(): object | undefined {
    if (!this.random.chance(0.2)) return undefined;
    const nowMs = this.nowMs();
    const at = (ms: number): string => new Date(nowMs + ms).toISOString().slice(0, 19);
    const startMs = this.random.between(-60_000, 30_000);
    return { timeZone: 'UTC', start: at(startMs), end: at(startMs + this.random.between(20_000, 120_000)) };
  }

}

export function inputOf(given: Partial<Omit<Rule, 'schedule'>> & { readonly schedule?: object | undefined }): RuleInput {
  const parsed = parseRuleInput(JSON.parse(JSON.stringify(given)));
  if (!parsed.ok) throw new Error(`the rule cannot be read: ${JSON.stringify(parsed.error)}`);
  return parsed.value;
}
