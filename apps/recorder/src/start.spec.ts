import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Bus, type BusReply, MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import { SqliteQueue } from '#cluster/sqlite';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { VirtualClock } from '#simulation';
import { MemoryHistoryStore } from '#store';
import type { CallVerdict } from '#telephony';
import { type RunningTier, type TierPorts } from '#tier';
import { tTime } from '#tlib';
import { TlibServer, type TlibSession } from '#tlib/server';
import { planSources } from './services/plan.js';
import { startRecorder } from './start.js';

const yaml = (port: number): string => `
switch: { name: Switch, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  S1: { type: sip-server, server-id: 1, ports: { IPport: ${port} } }
  R1: { type: recorder, options: { adata-spec: "customer=client" } }
`;

/** IPport of a node, whose time passes when it is told. */
class Node {
  readonly clock = new VirtualClock();
  readonly #server: TlibServer;
  readonly #came: (() => void)[] = [];
  readonly #went: (() => void)[] = [];
  session: TlibSession | undefined;
  sessions = 0;
  port = 0;

  constructor() {
    const ports = { clock: this.clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
    const came = (session: TlibSession): void => {
      this.session = session;
      for (const resolve of this.#came.splice(0)) resolve();
    };
    this.#server = new TlibServer(ports, {
      identity: { role: 'InteractionProxy', applicationName: 'S1', switchName: 'Switch', geoLocation: 'dc1', node: 'S1', version: '1' },
      clientRoles: ['InteractionProxy'], password: '', knownApplications: [], backlog: { ms: 60_000, bytes: 1_000_000 }, maxClients: 10,
    }, {
      onRequest: () => {},
      onOpened: (session) => {
        this.sessions += 1;
        came(session);
      },
      onResumed: came,
      onLost: () => this.#went.splice(0).forEach((resolve) => resolve()),
    });
  }

  async listen(): Promise<void> {
    this.port = await this.#server.listen('127.0.0.1', this.port);
  }

  /** Resolves when a recorder is (again) there. */
  connected(): Promise<void> {
    return new Promise((resolve) => { this.#came.push(resolve); });
  }

  lost(): Promise<void> {
    return new Promise((resolve) => { this.#went.push(resolve); });
  }

  /** A call of three events, whole or some of them. */
  call(name: string, ...events: ('Created' | 'DataChanged' | 'Deleted')[]): void {
    for (const event of events) {
      this.session!.send({
        msg: `EventCall${event}`, CallUUID: name, ConnID: `conn-${name}`, CallID: 1, Node: 'S1', TimeStamp: tTime(1_000 * (this.sessions + 1)), CallType: 'Inbound',
        PropagatedCallType: 'Inbound', ANI: '1', DNIS: '2', UserData: [['customer', '7'], ['pin', '1']],
      });
    }
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** A way to the node that can be cut. */
class Line {
  readonly #sockets = new Set<Socket>();
  #whole = true;

  private constructor(private readonly server: Server) {}

  static async to(port: number): Promise<Line> {
    const server = createServer();
    const line = new Line(server);
    server.on('connection', (near) => line.#accept(near, port));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  cut(): void {
    this.#whole = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void {
    this.#whole = true;
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  #accept(near: Socket, port: number): void {
    if (!this.#whole) return void near.destroy();
    const far = connect(port, '127.0.0.1');
    for (const [a, b] of [[near, far], [far, near]] as const) {
      this.#sockets.add(a);
      a.pipe(b);
      a.on('error', () => b.destroy());
      a.on('close', () => b.destroy());
    }
  }
}

describe('the recorder', () => {
  let folder: string;
  let node: Node;
  let store: MemoryHistoryStore;
  const running: RunningTier[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'recorder-'));
    node = new Node();
    await node.listen();
    store = new MemoryHistoryStore();
  });
  afterEach(async () => {
    for (const tier of running.splice(0)) await tier.close();
    await node.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(more: Partial<TierPorts> = {}, port = node.port): Promise<RunningTier> {
    const { config } = parseConfig(yaml(port), 'recorder.yaml');
    const clock = new SystemClock();
    const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
    // Closing one recorder leaves the store to the next one.
    const kept = { append: store.append.bind(store), query: store.query.bind(store), close: async () => {} };
    const tier = await startRecorder(config, config.applications[1]!, {
      ...base, bus: new MemoryBus(base), keyValues: new MemoryKeyValueStore(clock),
      openQueue: async () => SqliteQueue.open(join(folder, 'queue.db')), openHistory: async () => kept, ...more,
    });
    running.push(tier);
    return tier;
  }

  async function calls(count: number): Promise<string[]> {
    for (let tries = 0; ; tries += 1) {
      const { records } = await store.query({ kind: 'call', fromMs: 0, toMs: 1e9, limit: 100 });
      if (records.length >= count || tries > 300) return records.map(({ key }) => key).sort();
      await wait(10);
    }
  }

  it('does not start without its durable queue, and says why (HR-05)', async () => {
    await expect(start({ openQueue: async () => SqliteQueue.open('/dev/null/queue.db') })).rejects.toThrow(
      /^R1 does not start without its durable queue: durable queue \/dev\/null\/queue.db: .*check that the folder can be written/);
    expect(node.sessions).toBe(0);
  });

  it('records calls with their chosen user data, and answers operators', async () => {
    const connected = node.connected();
    const tier = await start();
    await connected;
    node.call('a', 'Created', 'DataChanged', 'Deleted');
    expect(await calls(1)).toEqual(['a']);
    const { rows } = await tier.admin['history calls']!({ fromMs: 0, toMs: 1e9 }) as { rows: Record<string, unknown>[] };
    expect(rows).toMatchObject([{ connID: 'conn-a', userData: { client: '7' }, complete: true }]);
    expect(() => tier.admin['history calls']!({ limit: 'x' })).toThrow('limit x: must be a whole number');
    expect(tier.admin['recorder show']!({})).toMatchObject({ calls: 0, connected: ['S1/IPport'], away: [] });
  });

  describe('verdicts of call limits', () => {
    const verdict = (id: number, more: Partial<CallVerdict> = {}): CallVerdict => ({
      id: `p1.x.${id}`, atMs: id, verdict: 'refused', dnis: '5000', dnisForms: ['5000'], ani: '05012345678', aniForms: ['+815012345678', '05012345678'], trunk: 'T',
      sipCode: 486, reason: 'CLM:Calls limit exceeded', rules: ['five'], division: 'east', withoutStore: '', callId: `c${id}`, proxy: 'p1', dataCentre: 'dc1', ...more,
    });
    const keep = (bus: Bus, ...verdicts: CallVerdict[]): Promise<BusReply> => new Promise((resolve) => {
      const { config } = parseConfig(yaml(node.port), 'recorder.yaml');
      bus.request(subjects.verdicts(config.applications[1]!.geoLocation), { verdicts }, 2_000, resolve);
    });
    const ofBus = (): Bus => new MemoryBus({ clock: new SystemClock(), log: silentLog, meter: new CountingMeter() });

    it('are kept once, however often they are told, and found by what they say', async () => {
      const bus = ofBus();
      const tier = await start({ bus });
      const both = [verdict(1), verdict(2, { verdict: 'passed', rules: [], sipCode: 0, division: '', reason: '', ani: 'anonymous', aniForms: ['anonymous'] })];
      expect(await keep(bus, ...both)).toMatchObject({ kind: 'reply', message: { kind: 'kept' } });
      expect((await keep(bus, ...both)).kind).toBe('reply');
      const found = async (args: object): Promise<unknown[]> => {
        const { rows } = await tier.admin['history verdicts']!({ fromMs: 0, toMs: 1_000, ...args }) as { rows: Record<string, unknown>[] };
        return rows.map(({ callId }) => callId);
      };
      while ((tier.admin['recorder show']!({}) as { queue: number }).queue > 0) await wait(5);
      expect(await found({})).toEqual(['c2', 'c1']);
      for (const args of [{ ani: '+815012345678' }, { ani: '05012345678' }, { rule: 'five' }, { verdict: 'refused' }, { division: 'east' }, { dn: '5000', rule: 'five' }]) {
        expect(await found(args)).toEqual(['c1']);
      }
      expect(await found({ dn: '5001' })).toEqual([]);
      const { rows } = await tier.admin['history verdicts']!({ fromMs: 0, toMs: 1_000, verdict: 'refused' }) as { rows: object[] };
      expect(rows).toEqual([{
        key: 'p1.x.1', startedAtMs: 1, verdict: 'refused', dnis: '5000', ani: '05012345678', trunk: 'T', sipCode: 486, reason: 'CLM:Calls limit exceeded', rules: 'five',
        division: 'east', withoutStore: '', callId: 'c1', proxy: 'p1', dataCentre: 'dc1',
      }]);
    });

    it('outlive the recorder that acknowledged them', async () => {
      const bus = ofBus();
      store.available = false;
      await start({ bus });
      expect((await keep(bus, verdict(1))).kind).toBe('reply');
      await running.pop()!.close();
      expect((await keep(bus, verdict(2))).kind).toBe('no-responders');
      store.available = true;
      const tier = await start({ bus });
      while ((tier.admin['recorder show']!({}) as { queue: number }).queue > 0) await wait(5);
      expect((await store.query({ kind: 'verdict', fromMs: 0, toMs: 1_000, limit: 10 })).records.map(({ data }) => data.callId)).toEqual(['c1']);
    });
  });

  it('lets go what it cannot read, and goes on', async () => {
    const connected = node.connected();
    const tier = await start();
    await connected;
    node.session!.send({ msg: 'EventCallCreated', CallUUID: 'x', TimeStamp: 'yesterday' });
    node.call('a', 'Created', 'Deleted');
    expect(await calls(1)).toEqual(['a']);
    while ((tier.admin['recorder show']!({}) as { queue: number }).queue > 0) await wait(5);
  });

  it('asks only for the events that it needs (IP-05)', async () => {
    const connected = node.connected();
    await start();
    await connected;
    node.session!.send({ msg: 'EventACK' });
    node.call('a', 'Created', 'Deleted');
    await calls(1);
    expect(node.session!.lastSequenceNumber).toBe(3);
  });

  it('loses nothing in a cut of almost a minute (HR-06)', async () => {
    const line = await Line.to(node.port);
    let connected = node.connected();
    const tier = await start({}, line.port);
    await connected;
    node.call('a', 'Created');
    while ((tier.admin['recorder show']!({}) as { calls: number }).calls < 1) await wait(5);
    const lost = node.lost();
    line.cut();
    await lost;
    node.clock.advance(59_000);
    node.call('a', 'Deleted');
    for (const name of ['b', 'c']) node.call(name, 'Created', 'Deleted');
    connected = node.connected();
    line.heal();
    await connected;
    expect(await calls(3)).toEqual(['a', 'b', 'c']);
    expect(node.sessions).toBe(1);
    line.close();
  });

  it('keeps what it heard while the store is away, and writes it once', async () => {
    const connected = node.connected();
    const tier = await start();
    await connected;
    store.available = false;
    for (const name of ['a', 'b', 'c']) node.call(name, 'Created', 'Deleted');
    while ((tier.admin['recorder show']!({}) as { queue: number }).queue < 6) await wait(5);
    store.available = true;
    expect(await calls(3)).toEqual(['a', 'b', 'c']);
    while ((tier.admin['recorder show']!({}) as { queue: number }).queue > 0) await wait(5);
  });

  it('goes on where the former process stopped: with its lines, and in its session', async () => {
    let connected = node.connected();
    const first = await start();
    await connected;
    node.call('a', 'Created');
    while ((first.admin['recorder show']!({}) as { calls: number }).calls < 1) await wait(5);
    await running.pop()!.close();
    node.call('b', 'Created', 'Deleted');
    node.call('a', 'Deleted');
    connected = node.connected();
    await start();
    await connected;
    expect(await calls(2)).toEqual(['a', 'b']);
    expect(node.sessions).toBe(1);
  });
});

describe('whom a recorder listens to (HR-03)', () => {
  const two = (options = ''): ReturnType<typeof planSources> => {
    const { config } = parseConfig(`
switch: { name: Switch, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  S1: { type: sip-server, server-id: 1, ports: { IPport: 7002, TCport: 7001 } }
  S1b: { backup-of: S1, host: 127.0.0.9 }
  V1: { type: vq-server, ports: { default: 7010 } }
  S2: { type: sip-server, server-id: 2, geo-location: dc2, host: 127.0.0.2, ports: { IPport: 7002, TCport: 7001 } }
  R1: { type: recorder${options} }
dns:
  - { number: VQ_Support, type: VirtualQueue }
`, 'recorder.yaml');
    return planSources(config, config.applications.find(({ name }) => name === 'R1')!);
  };

  it('the servers of its data centre, both halves of a pair', () => {
    expect(two().map(({ name, kind, addresses, queues }) => [name, kind, addresses.map(({ host, port }) => `${host}:${port}`), queues])).toEqual([
      ['S1/IPport', 'calls', ['127.0.0.1:7002', '127.0.0.9:7002'], []], ['S1/TCport', 'agents', ['127.0.0.1:7001', '127.0.0.9:7001'], []],
      ['V1/default', 'queue', ['127.0.0.1:7010'], ['VQ_Support']],
    ]);
  });

  it('or those it is told', () => {
    expect(two(', options: { sources: "S2" }').map(({ name }) => name)).toEqual(['S2/IPport', 'S2/TCport']);
    expect(() => two(', options: { sources: "S3" }')).toThrow('R1: sources names S3, which is no sip-server or vq-server; there are S1, V1, S2');
  });
});
