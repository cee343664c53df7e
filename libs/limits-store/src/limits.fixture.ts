/** A cluster of consoles and proxies for tests: data centres over shared or joined buckets. */
import { type KeyValueStore, MemoryBus, MemoryKeyValueStore } from '#cluster';
import { type Clock, CountingMeter, silentLog } from '#kernel';
import { parseRuleInput, type RuleInput } from '#limits';
import { SeededEntropy, settle, VirtualClock } from '#simulation';
import { LimitsChanges } from './changes.js';
import { LimitsInForce } from './in-force.js';
import { LimitsRepository } from './repository.js';
import type { Actor } from './rule-changes.js';

export const ANN: Actor = { name: 'ann' };

export const inputOf = (given: object): RuleInput => {
  const parsed = parseRuleInput({ dnis: '5000', type: 'concurrent', ...given });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};

export class LimitsWorld {
  readonly clock = new VirtualClock();
  readonly meter = new CountingMeter();
  readonly bus = new MemoryBus({ clock: this.clock, log: silentLog, meter: this.meter });
  readonly proxies: string[] = [];
  readonly #closing: (() => void)[] = [];

  constructor(readonly keyValues: KeyValueStore = new MemoryKeyValueStore(new VirtualClock()), readonly dataCentres: readonly string[] = ['dc1', 'dc2']) {}

  repository(dataCentre: string, keyValues = this.keyValues, clock: Clock = this.clock): LimitsRepository {
    const repository = new LimitsRepository({ dataCentre, dataCentres: this.dataCentres }, { clock, log: silentLog, meter: this.meter, keyValues });
    repository.start();
    this.#closing.push(() => repository.close());
    return repository;
  }

  console(dataCentre: string, maker: number, keyValues = this.keyValues): { repository: LimitsRepository; changes: LimitsChanges } {
    const repository = this.repository(dataCentre, keyValues);
    const ports = {
      clock: this.clock, entropy: new SeededEntropy(maker), log: silentLog, bus: this.bus, keyValues, proxies: () => this.proxies,
    };
    return { repository, changes: new LimitsChanges(repository, maker, ports) };
  }

  proxy(name: string, dataCentre: string, keyValues = this.keyValues): LimitsRepository {
    const repository = this.repository(dataCentre, keyValues);
    const inForce = new LimitsInForce(name, this.bus, repository);
    inForce.start();
    this.proxies.push(name);
    this.#closing.push(() => inForce.close());
    return repository;
  }

  /** Lets time pass until the work is done. */
  async done<T>(work: Promise<T>): Promise<T> {
    let open = true;
    const watched = work.finally(() => { open = false; });
    watched.catch(() => {});
    for (let steps = 0; open && steps < 20_000; steps += 1) {
      await settle();
      if (open) await this.clock.advance(10);
    }
    return watched;
  }

  /** Until nothing more happens by itself. */
  async quiet(): Promise<void> {
    for (let steps = 0; steps < 400; steps += 1) {
      await settle();
      await this.clock.advance(1);
    }
  }

  close(): void {
    for (const close of this.#closing) close();
  }
}
