/** A cluster in one process: nodes, the network between them, the time they share, and one seed that decides everything. */
import { type Bus, type KeyValueStore } from '#cluster';
import { assert, type Clock, CountingMeter, type Log, type LogFields } from '#kernel';
import { type LinkQuality, SimulatedNetwork } from './network.js';
import { SimNode } from './node.js';
import { SeededEntropy } from './seeded-entropy.js';
import { SimBusHub } from './sim-bus.js';
import { SimKeyValueServer } from './sim-key-value.js';
import { SimSipNetwork } from './sim-sip.js';
import { SimStreams } from './sim-streams.js';
import { Trace } from './trace.js';
import { settle, VirtualClock } from './virtual-clock.js';

/** The outside of a simulated process: the ports of a tier, and the network in place of sockets. */
export interface SimPorts {
  readonly node: SimNode;
  readonly clock: Clock;
  readonly entropy: SeededEntropy;
  readonly log: Log;
  readonly meter: CountingMeter;
  readonly bus: Bus;
  readonly keyValues: KeyValueStore;
  readonly sip: SimSipNetwork;
  readonly streams: SimStreams;
}

export interface SimProcess {
  close(): void | Promise<void>;
}

export type StartSimProcess<P extends SimProcess = SimProcess> = (ports: SimPorts) => P | Promise<P>;

/** Looks at the whole world after a step. Throws, or answers what is wrong. */
export type Invariant = () => string | undefined | void;

/** An invariant is broken, or the scenario's own expectation. The message tells the seed and how it came about. */
export class HistoryFailed extends Error {
  readonly code = 'SIM_HISTORY_FAILED';
}

export interface WorldOptions {
  readonly quality?: Partial<LinkQuality>;
  /** Streams deliver each write in one piece; by default they cut it anywhere. */
  readonly wholeWrites?: boolean;
  /** A key-value server for each, named `kv <name>`: it has the buckets whose names end with that. Default: one, `kv`, for all. */
  readonly dataCentres?: readonly string[];
}

const STEPS_MAX = 10_000_000;

export class World {
  readonly clock = new VirtualClock();
  readonly entropy: SeededEntropy;
  readonly trace: Trace;
  readonly network: SimulatedNetwork;
  readonly bus: SimBusHub;
  readonly sip: SimSipNetwork;
  readonly streams: SimStreams;
  /** By what the names of its buckets end with; the first has all others. */
  readonly #keyValues: ReadonlyMap<string, SimKeyValueServer>;
  readonly #starts = new Map<string, StartSimProcess>();
  readonly #processes = new Map<string, SimProcess>();
  readonly #invariants = new Map<string, Invariant>();
  #broken: HistoryFailed | undefined;

  constructor(readonly seed: number, options: WorldOptions = {}) {
    this.entropy = new SeededEntropy(seed);
    this.trace = new Trace(() => this.clock.nowMs(), this.clock.nowMs());
    this.network = new SimulatedNetwork(this.clock, this.entropy.fork('network'), this.trace);
    if (options.quality !== undefined) this.network.setQuality(options.quality);
    this.bus = new SimBusHub(this.network, (node, error) => this.#handlerThrew(node, error));
    this.sip = new SimSipNetwork(this.network);
    this.streams = new SimStreams(this.network, this.entropy.fork('streams'), options.wholeWrites);
    const { dataCentres = [''] } = options;
    this.#keyValues = new Map(dataCentres.map((name) => [
      name === '' ? '' : `-${name}`, new SimKeyValueServer(this.network, this.#makeNode(name === '' ? 'kv' : `kv ${name}`)),
    ]));
  }

  /** Names of the nodes whose processes were started here. */
  get nodes(): readonly string[] {
    return [...this.#starts.keys()];
  }

  /** Starts a process on a node of its own. */
  async start<P extends SimProcess>(name: string, start: StartSimProcess<P>): Promise<P> {
    assert(!this.#starts.has(name), `${name} was started already`);
    this.#starts.set(name, start);
    return await this.#launch(name, this.#makeNode(name)) as P;
  }

  /** The running process of that name. */
  process(name: string): SimProcess | undefined {
    return this.#processes.get(name);
  }

  node(name: string): SimNode {
    const node = this.network.node(name);
    assert(node !== undefined, `there is no node ${name}`);
    return node;
  }

  pause(name: string): void {
    this.trace.note(`pause ${name}`);
    this.node(name).pause();
  }

  resume(name: string): void {
    this.trace.note(`resume ${name}`);
    this.node(name).resume();
  }

  crash(name: string): void {
    this.trace.note(`crash ${name}`);
    this.node(name).crash();
    this.#processes.delete(name);
  }

  /** Starts the crashed process again, knowing nothing. */
  async restart(name: string): Promise<SimProcess> {
    const node = this.node(name);
    assert(node.state === 'Dead', `${name} has not crashed`);
    node.revive();
    return this.#launch(name, node);
  }

  partition(left: readonly string[], right: readonly string[]): void {
    this.network.partition(left, right);
  }

  heal(): void {
    this.network.heal();
  }

  /** Checked after every step. The same name replaces. */
  invariant(name: string, check: Invariant): void {
    this.#invariants.set(name, check);
  }

  /** Lets time pass: step by step, everything that a step starts ends before the next. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    await this.#settle();
    for (let steps = 0; this.clock.step(untilMs); steps += 1) {
      assert(steps < STEPS_MAX, `more than ${STEPS_MAX} steps within ${ms} ms: something goes round without end`);
      await this.#settle();
    }
    this.clock.skip(untilMs - this.clock.nowMs());
  }

  /** Lets time pass until `condition` holds. @throws HistoryFailed when it does not within `ms` */
  async until(condition: () => boolean, ms = 60_000): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    await this.#settle();
    while (!condition()) {
      if (!this.clock.step(untilMs)) throw this.failure(`what was waited for did not come within ${ms} ms`);
      await this.#settle();
    }
  }

  async close(): Promise<void> {
    for (const process of this.#processes.values()) await process.close();
    this.#processes.clear();
  }

  failure(reason: string, cause?: unknown): HistoryFailed {
    const told = `${reason}\n\nseed ${this.seed}, ${this.trace.count} lines, trace ${this.trace.hash}\n${this.trace.ladder()}`;
    return new HistoryFailed(told, cause === undefined ? undefined : { cause });
  }

  #makeNode(name: string): SimNode {
    const node = new SimNode(name, this.clock);
    this.network.add(node);
    return node;
  }

  async #launch(name: string, node: SimNode): Promise<SimProcess> {
    this.trace.note(`start ${name}`);
    const { life } = node;
    const starting = Promise.resolve((this.#starts.get(name) as StartSimProcess)({
      node,
      clock: node.clock,
      entropy: this.entropy.fork(`${name} ${life}`),
      log: this.#logOf(name),
      meter: new CountingMeter(),
      bus: this.bus.attach(node),
      keyValues: keyValuesOf(this.#keyValues, node),
      sip: this.sip,
      streams: this.streams,
    }));
    const process = await this.#whileTimePasses(starting);
    this.#processes.set(name, process);
    return process;
  }

  /** A process may have to ask others before it runs. */
  async #whileTimePasses<T>(starting: Promise<T>): Promise<T> {
    let pending = true;
    const ended = starting.finally(() => { pending = false; });
    ended.catch(() => {});
    await this.#settle();
    while (pending) {
      if (!this.clock.step()) throw this.failure('a process waits for something that never comes');
      await this.#settle();
    }
    return ended;
  }

  async #settle(): Promise<void> {
    await settle();
    if (this.#broken !== undefined) throw this.#broken;
    for (const [name, check] of this.#invariants) {
      const wrong = outcomeOf(check);
      if (wrong !== undefined) throw this.failure(`invariant broken: ${name}: ${wrong}`);
    }
  }

  /** Real buses log it and go on; here it is a bug that was found. */
  #handlerThrew(node: SimNode, error: unknown): void {
    this.#broken ??= this.failure(`a bus handler of ${node.name} threw: ${String(error)}`, error);
  }

  #logOf(name: string): Log {
    const line = (level: string) => (message: string, fields?: LogFields): void =>
      this.trace.note(`${name} ${level}: ${message}${fields === undefined ? '' : ` ${toText(fields)}`}`);
    const log: Log = {
      debug: () => {}, info: line('info'), warn: line('warn'), error: line('error'), with: () => log,
    };
    return log;
  }
}

/** The stores of all data centres, as a process on that node sees them. */
function keyValuesOf(servers: ReadonlyMap<string, SimKeyValueServer>, node: SimNode): KeyValueStore {
  const stores = [...servers].map(([suffix, server]) => [suffix, server.attach(node)] as const);
  const first = stores[0]?.[1] as KeyValueStore;
  return {
    bucket: (name) => (stores.find(([suffix]) => name.endsWith(suffix))?.[1] ?? first).bucket(name),
    close: async () => {},
  };
}

function outcomeOf(check: Invariant): string | undefined {
  try {
    return check() ?? undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function toText(fields: LogFields): string {
  return JSON.stringify(fields, (_key, value: unknown) => (value instanceof Error ? value.message : value));
}
