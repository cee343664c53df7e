import { type Bus, type KeyValueStore, KeyValueUnavailable, MemoryBus, MemoryKeyValueStore, type Replica, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import { askAdmin } from '../admin.js';
import type { RunningTier, StartTier, TierPorts } from '../tier.js';
import type { HalfLink } from './pair-link.js';
import { PairedNode } from './paired-node.js';

const { config } = parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  P1: { type: sip-proxy, host: 127.0.21.1, ports: { sip: 5060 } }
  N1: { type: sip-server, host: 127.0.21.11, ports: { sip: 5060 } }
  N1b: { backup-of: N1, host: 127.0.21.12 }
`, 'pair.yaml');

/** A tier that keeps one number in its replica and says it when it is asked. */
class Counter {
  count = 0;
  closed = false;
  drained = false;

  constructor(readonly ports: TierPorts, readonly replica: Replica, readonly host: string) {
    this.count = (replica.restored.get('count') as { count: number } | undefined)?.count ?? 0;
  }

  add(): void {
    this.count += 1;
    this.replica.put('count', { count: this.count });
    this.replica.flush();
    this.ports.bus.publish('said', { count: this.count, host: this.host });
  }

  get running(): RunningTier {
    return {
      instance: 'N1/counter', listening: [], admin: { count: () => ({ count: this.count }) },
      ready: () => true,
      drain: async () => { this.drained = true; },
      close: async () => {
        this.closed = true;
        // What a tier says while it is closed is not heard when its term is over.
        this.ports.bus.publish('said', { bye: this.host });
      },
    };
  }
}

class Stand {
  readonly clock = new VirtualClock();
  readonly bus = new MemoryBus({ clock: this.clock, log: silentLog, meter: new CountingMeter() });
  readonly keyValues = new MemoryKeyValueStore(this.clock);
  readonly tiers: Counter[] = [];
  readonly said: object[] = [];
  readonly failures: unknown[] = [];
  /** What came to each half. */
  readonly heard = { N1: [] as object[], N1b: [] as object[] };
  /** Of a killed half nothing passes. */
  readonly cut = new Set<string>();
  /** Cannot reach KeyValue. */
  readonly blind = new Set<string>();
  readonly links = new Map<string, HalfLink>();
  linked = false;

  constructor() {
    this.bus.subscribe('said', (message) => void this.said.push(message));
  }

  node(which: 'N1' | 'N1b', meter = new CountingMeter()): PairedNode {
    const application = which === 'N1' ? config.applications[1]! : config.backups[0]!;
    const start: StartTier = async (_config, { host }, ports) => {
      const tier = new Counter(ports, ports.replica!('counter'), host);
      this.tiers.push(tier);
      return tier.running;
    };
    return new PairedNode(config, application, [start], {
      clock: this.clock, entropy: new SeededEntropy(1), log: silentLog, meter, bus: heardBy(cuttable(this.bus, () => this.cut.has(which)), this.heard[which]),
      keyValues: blindable(this.keyValues, () => this.blind.has(which)),
    }, { proxies: async () => ({ ask() {}, close: async () => {} }), link: async () => this.link(which) }, { failed: (error) => void this.failures.push(error) });
  }

  /** The way between the halves that is no bus. */
  link(which: string): HalfLink {
    const link: HalfLink = {
      onMessage: () => {},
      send: (message) => void this.clock.setTimer(1, () => this.links.get(which === 'N1' ? 'N1b' : 'N1')?.onMessage(message)),
      close: () => void this.links.delete(which),
    };
    if (this.linked) this.links.set(which, link);
    return link;
  }

  get last(): Counter {
    return this.tiers.at(-1)!;
  }

  /** Both halves, the first one primary. */
  async pair(): Promise<[PairedNode, PairedNode]> {
    const first = this.node('N1');
    const started = first.start();
    await this.clock.advance(3_000);
    await started;
    const second = this.node('N1b');
    const stands = second.start();
    await this.clock.advance(3_000);
    await stands;
    return [first, second];
  }
}

/** What a bus brings, beside bringing it. */
function heardBy(bus: Bus, heard: object[]): Bus {
  return {
    publish: (subject, message) => bus.publish(subject, message),
    subscribe: (pattern, handler, options) => bus.subscribe(pattern, (message, delivery) => {
      heard.push(message);
      handler(message, delivery);
    }, options),
    request: (subject, message, timeoutMs, done) => bus.request(subject, message, timeoutMs, done),
    get connected() { return bus.connected; },
    flush: () => bus.flush(),
    close: () => bus.close(),
  };
}

function cuttable(bus: Bus, isCut: () => boolean): Bus {
  return {
    publish: (subject, message) => { if (!isCut()) bus.publish(subject, message); },
    subscribe: (pattern, handler, options) => bus.subscribe(pattern, (message, delivery) => { if (!isCut()) handler(message, delivery); }, options),
    request: (subject, message, timeoutMs, done) => bus.request(subject, message, timeoutMs, done),
    get connected() { return bus.connected; },
    flush: () => bus.flush(),
    close: () => bus.close(),
  };
}

function blindable(store: KeyValueStore, isBlind: () => boolean): KeyValueStore {
  const fail = (): void => { if (isBlind()) throw new KeyValueUnavailable('out of reach'); };
  return {
    bucket: async (name) => {
      const bucket = await store.bucket(name);
      const reach = async <T>(work: () => Promise<T>): Promise<T> => {
        fail();
        return work();
      };
      return {
        get: (key) => reach(() => bucket.get(key)),
        list: (pattern) => reach(() => bucket.list(pattern)),
        create: (key, value, options) => reach(() => bucket.create(key, value, options)),
        update: (key, value, revision, options) => reach(() => bucket.update(key, value, revision, options)),
        delete: (key, revision) => reach(() => bucket.delete(key, revision)),
        watch: (pattern, onChange) => reach(() => bucket.watch(pattern, onChange)),
        close: () => bucket.close(),
      };
    },
    close: () => store.close(),
  };
}

describe('a process that is half of a pair', () => {
  let stand: Stand;
  beforeEach(() => { stand = new Stand(); });

  it('runs its tiers only while it is primary, under the name of the node', async () => {
    const [first, second] = await stand.pair();
    expect([first.tiers.length, second.tiers.length, stand.tiers.length]).toEqual([1, 0, 1]);
    expect(stand.last.ports.pair).toMatchObject({ continues: false });
    expect(await askAdmin(stand.bus, 'N1/counter', 'pair show')).toMatchObject({ node: 'N1', process: 'N1', role: 'primary', lag: 0 });
    expect(await askAdmin(stand.bus, 'N1b/standby', 'pair show')).toMatchObject({ node: 'N1', process: 'N1b', role: 'backup', complete: true });
    await expect(askAdmin(stand.bus, 'N1/standby', 'pair show')).rejects.toThrow('no instance called N1/standby');
  });

  it('says as standby that the node is not gone', async () => {
    const beats: object[] = [];
    stand.bus.subscribe(subjects.allAlive, (message) => void beats.push(message));
    await stand.pair();
    expect(beats.filter((beat) => (beat as { instance: string }).instance === 'N1b/standby').at(-1))
      .toMatchObject({ node: 'N1', tier: 'standby', role: 'backup', dataCentre: 'dc1' });
    expect(beats.filter((beat) => (beat as { instance: string }).instance === 'N1/standby').at(-1)).toMatchObject({ leaving: true });
  });

  it('goes on with what the other half had put when that one falls silent', async () => {
    const [first, second] = await stand.pair();
    const before = stand.last;
    before.add();
    before.add();
    stand.cut.add('N1');
    stand.blind.add('N1');
    await stand.clock.advance(2_500);
    const after = stand.last;
    expect([after.host, after.count, after.ports.pair?.continues, second.tiers.length]).toEqual(['127.0.21.12', 2, true, 1]);
    // The other one does not know it yet; nobody hears it.
    before.add();
    await stand.clock.advance(1);
    expect([stand.said.length, first.tiers.length]).toEqual([2, 1]);
    stand.cut.clear();
    stand.blind.clear();
    before.add();
    await stand.clock.advance(2_000);
    expect([stand.said.length, first.tiers.length, before.closed]).toEqual([2, 0, true]);
    expect(stand.failures).toEqual([]);
  });

  it('keeps its primary while bus and KeyValue are away, as long as the halves hear each other', async () => {
    stand.linked = true;
    const [first, second] = await stand.pair();
    const before = stand.last;
    for (const half of ['N1', 'N1b']) {
      stand.cut.add(half);
      stand.blind.add(half);
    }
    await stand.clock.advance(30_000);
    expect(before.ports.fence?.isOpen()).toBe(true);
    before.add();
    stand.cut.clear();
    stand.blind.clear();
    await stand.clock.advance(3_000);
    expect([first.tiers.length, second.tiers.length, stand.tiers.length]).toEqual([1, 0, 1]);
    const asked = askAdmin(stand.bus, 'N1/counter', 'switchover', { node: 'N1' });
    await stand.clock.advance(1_000);
    await asked;
    expect(stand.last.count).toBe(1);
  });

  it('withholds what its tiers say while its term is unproven for a moment, and says it with the next proof', async () => {
    const meter = new CountingMeter();
    const first = stand.node('N1', meter);
    const started = first.start();
    await stand.clock.advance(3_000);
    await started;
    stand.blind.add('N1');
    await stand.clock.advance(1_300);
    expect(stand.last.ports.fence?.isOpen()).toBe(false);
    stand.last.add();
    stand.last.add();
    await stand.clock.advance(300);
    expect(stand.said).toEqual([]);
    stand.blind.clear();
    await stand.clock.advance(400);
    expect(stand.said).toEqual([{ count: 1, host: '127.0.21.11' }, { count: 2, host: '127.0.21.11' }]);
    expect([meter.value('pair_doubts', { node: 'N1' }), meter.value('pair_withheld', { node: 'N1' })]).toEqual([1, 2]);
  });

  it('gives up what it withheld for too long, and what another term overtook', async () => {
    const first = stand.node('N1');
    const started = first.start();
    await stand.clock.advance(3_000);
    await started;
    stand.blind.add('N1');
    await stand.clock.advance(1_300);
    stand.last.add();
    await stand.clock.advance(3_000);
    stand.blind.clear();
    await stand.clock.advance(1_000);
    expect([stand.said, stand.last.ports.fence?.isOpen()]).toEqual([[], true]);
    stand.last.add();
    await stand.clock.advance(1);
    expect(stand.said).toEqual([{ count: 2, host: '127.0.21.11' }]);
  });

  it('hands over on command: the other half continues, nothing is said twice, no tier is drained', async () => {
    const [first, second] = await stand.pair();
    const before = stand.last;
    before.add();
    before.add();
    const asked = askAdmin(stand.bus, 'N1/counter', 'switchover', { node: 'N1' });
    await stand.clock.advance(1_000);
    expect(await asked).toMatchObject({ node: 'N1', primary: 'N1b' });
    expect([first.tiers.length, second.tiers.length, before.closed, before.drained]).toEqual([0, 1, true, false]);
    const after = stand.last;
    expect([after.host, after.count, after.ports.pair?.continues]).toEqual(['127.0.21.12', 2, true]);
    expect(after.ports.pair!.epoch).toBeGreaterThan(before.ports.pair!.epoch);
    before.add();
    after.add();
    await stand.clock.advance(3_000);
    expect(stand.said.slice(2)).toEqual([{ count: 3, host: '127.0.21.12' }]);
    expect(await askAdmin(stand.bus, 'N1/standby', 'pair show')).toMatchObject({ role: 'backup', complete: true, entries: 1 });
  });

  it('sends what it replicates to the backup only, whichever half that is', async () => {
    await stand.pair();
    const frames = (which: 'N1' | 'N1b'): number => stand.heard[which].splice(0).filter((message) => 'kind' in message && message.kind === 'frame').length;
    for (const [primary, backup] of [['N1', 'N1b'], ['N1b', 'N1'], ['N1', 'N1b']] as const) {
      for (const which of ['N1', 'N1b'] as const) frames(which);
      stand.last.add();
      await stand.clock.advance(1_000);
      expect([frames(primary), frames(backup)]).toEqual([0, 1]);
      const asked = askAdmin(stand.bus, 'N1/counter', 'switchover', { node: 'N1' });
      await stand.clock.advance(3_000);
      await asked;
    }
  });

  it('can be handed back and forth', async () => {
    await stand.pair();
    for (const [instance, host] of [['N1/counter', '127.0.21.12'], ['N1/counter', '127.0.21.11'], ['N1/counter', '127.0.21.12']] as const) {
      stand.last.add();
      const asked = askAdmin(stand.bus, instance, 'switchover', { node: 'N1' });
      await stand.clock.advance(3_000);
      await asked;
      expect(stand.last.host).toBe(host);
    }
    expect(stand.last.count).toBe(3);
  });

  it('hands over when its process ends, and drains when there is nobody to hand over to', async () => {
    const [first, second] = await stand.pair();
    const before = stand.last;
    before.add();
    const stopped = first.stop(1_000);
    await stand.clock.advance(2_000);
    await stopped;
    expect([before.drained, stand.last.count, second.tiers.length]).toEqual([false, 1, 1]);
    const ended = second.stop(1_000);
    await stand.clock.advance(2_000);
    await ended;
    expect([stand.last.drained, stand.last.closed]).toEqual([true, true]);
  });

  it('refuses a switchover without a backup, with what to do', async () => {
    const first = stand.node('N1');
    const started = first.start();
    await stand.clock.advance(5_000);
    await started;
    await expect(askAdmin(stand.bus, 'N1/counter', 'switchover', { node: 'N1' })).rejects.toThrow('the other half is not heard');
    await expect(askAdmin(stand.bus, 'N1/counter', 'switchover', { node: 'N9' })).rejects.toThrow('this is N1');
  });

  it('shows its role in metrics', async () => {
    const meter = new CountingMeter();
    const first = stand.node('N1', meter);
    const started = first.start();
    await stand.clock.advance(3_000);
    await started;
    stand.last.add();
    expect([meter.value('pair_primary', { node: 'N1' }), meter.value('pair_entries', { node: 'N1' }), meter.value('pair_replication_lag', { node: 'N1' })])
      .toEqual([1, 1, -1]);
  });
});
