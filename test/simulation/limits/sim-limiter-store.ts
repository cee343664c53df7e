/**
 * The limiter store behind the network, as `RedisLink` has it: a request without an answer within a second means that the store is down until it answers a
 * ping; while it is down nothing is sent. Requests are lost, doubled and late by the seed; one that was given up may be done all the same.
 */
import type { Timer } from '#kernel';
import type { SeededEntropy, SimNode, SimPorts, SimProcess, SimulatedNetwork, World } from '#simulation';
import {
  type LimiterClaim, type LimiterHolding, type LimiterStore, type LimiterVerdict, MemoryLimiterStore, StoreUnavailable,
} from '#store';

export const LIMITER = 'limiter';

export type LimiterRequest =
  | { readonly kind: 'acquire'; readonly id: string; readonly claim: LimiterClaim; readonly leaseMs: number }
  | { readonly kind: 'hold'; readonly holdings: readonly LimiterHolding[]; readonly leaseMs: number }
  | { readonly kind: 'release'; readonly ids: readonly string[] }
  | { readonly kind: 'usage'; readonly counters: readonly string[] };

/** Sees requests when they are sent, and does them at the store: nothing else is done there meanwhile. */
export interface LimiterWitness {
  sent(from: string, request: LimiterRequest): void;
  /** `sentMs`: when its process sent it. `run` does it, at once; the promise only brings the answer. */
  served(from: string, request: LimiterRequest, sentMs: number, run: () => Promise<unknown>): void;
  failed(from: string, request: LimiterRequest): void;
}

export interface LimiterFaults {
  /** Of each request, and of each answer. */
  readonly loss: number;
  readonly doubles: number;
}

const ANSWER_MS = 1_000;
const PING_EACH_MS = 1_000;

/** One life of the server: a restart has nothing of the one before. */
export class SimLimiterServer implements SimProcess {
  readonly store: MemoryLimiterStore;

  constructor({ node: { clock } }: SimPorts) {
    this.store = new MemoryLimiterStore(clock);
  }

  do(request: LimiterRequest): Promise<unknown> {
    switch (request.kind) {
      case 'acquire': return this.store.acquire(request.id, request.claim, request.leaseMs);
      case 'hold': return this.store.hold(request.holdings, request.leaseMs);
      case 'release': return this.store.release(request.ids);
      case 'usage': return this.store.usage(request.counters);
    }
  }

  close(): void {}
}

/** What all clients of it share. */
export class SimLimiter {
  witness: LimiterWitness = { sent: () => {}, served: (_from, _request, _sentMs, run) => void run(), failed: () => {} };
  faults: LimiterFaults = { loss: 0, doubles: 0 };

  constructor(private readonly world: World) {}

  async start(): Promise<void> {
    await this.world.start(LIMITER, (ports) => new SimLimiterServer(ports));
  }

  /** Absent while it is away. */
  get server(): SimLimiterServer | undefined {
    return this.world.process(LIMITER) as SimLimiterServer | undefined;
  }

  get node(): SimNode {
    return this.world.node(LIMITER);
  }

  get network(): SimulatedNetwork {
    return this.world.network;
  }

  get nowMs(): number {
    return this.world.clock.nowMs();
  }

  client({ node, entropy }: SimPorts): LimiterStore {
    return new SimLimiterStore(this, node, entropy.fork('limiter link'));
  }
}

class SimLimiterStore implements LimiterStore {
  readonly acquireNow = undefined;
  readonly #listeners = new Set<() => void>();
  #isUp = false;
  /** Of the server that answered last. */
  #life = 0;
  #pings = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(private readonly limiter: SimLimiter, private readonly node: SimNode, private readonly random: SeededEntropy) {
    this.#ping();
  }

  acquire(id: string, claim: LimiterClaim, leaseMs: number): Promise<LimiterVerdict> {
    return this.#ask({ kind: 'acquire', id, claim, leaseMs }) as Promise<LimiterVerdict>;
  }

  hold(holdings: readonly LimiterHolding[], leaseMs: number): Promise<readonly boolean[]> {
    return this.#ask({ kind: 'hold', holdings, leaseMs }) as Promise<readonly boolean[]>;
  }

  release(ids: readonly string[]): Promise<readonly boolean[]> {
    return this.#ask({ kind: 'release', ids }) as Promise<readonly boolean[]>;
  }

  usage(counters: readonly string[]): Promise<readonly number[]> {
    return this.#ask({ kind: 'usage', counters }) as Promise<readonly number[]>;
  }

  onUp(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #ask(request: LimiterRequest): Promise<unknown> {
    const { witness } = this.limiter;
    const { name } = this.node;
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => {
        this.#isUp = false;
        witness.failed(name, request);
        reject(new StoreUnavailable('limiter', reason));
      };
      if (!this.#isUp) return fail('down');
      const timer = this.node.clock.setTimer(ANSWER_MS, () => fail('no answer'));
      const sentMs = this.limiter.nowMs;
      const send = (): void => this.#send(`limiter ${request.kind}`, (server) => new Promise((answer, refuse) => {
        witness.served(name, request, sentMs, () => {
          const done = server.do(request);
          done.then(answer, refuse);
          return done;
        });
      }), (done, error) => {
        timer.cancel();
        if (error === undefined) resolve(done);
        else reject(error as Error);
      });
      witness.sent(name, request);
      send();
      if (this.random.chance(this.limiter.faults.doubles)) send();
    });
  }

  #send(what: string, work: (server: SimLimiterServer) => Promise<unknown>, done: (answer: unknown, error?: unknown) => void): void {
    const { network, faults, node } = this.limiter;
    if (this.random.chance(faults.loss)) return;
    const isAnswerLost = this.random.chance(faults.loss);
    network.send(this.node, node, 'stream', what, () => {
      const { server } = this.limiter;
      if (server === undefined) return;
      const answer = (value: unknown, error?: unknown): void => {
        if (!isAnswerLost) network.send(node, this.node, 'stream', `${what} answered`, () => done(value, error));
      };
      work(server).then((value) => answer(value), (error: unknown) => answer(undefined, error));
    });
  }

  /** Each second, also while it is up: a server that was started again is another one. */
  #ping(): void {
    if (this.#isClosed) return;
    this.#pings += 1;
    const { clock } = this.node;
    const number = this.#pings;
    this.#timer = clock.setTimer(PING_EACH_MS, () => this.#ping());
    this.#send('limiter ping', async () => this.limiter.node.life, (life) => {
      if (number === this.#pings) this.#answered(life as number);
    });
  }

  #answered(life: number): void {
    if (this.#isUp && life === this.#life) return;
    this.#isUp = true;
    this.#life = life;
    for (const tell of [...this.#listeners]) tell();
  }
}
