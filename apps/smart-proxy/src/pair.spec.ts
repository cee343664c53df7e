/** SP-07 over a change of halves: a new session at the other address, a snapshot, and nothing twice (docs/specs/smart-proxy.md). */
import { createServer, type AddressInfo } from 'node:net';
import { MembershipService, MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { DnEvent, DnReply, DnSnapshot, Heartbeat, SnapshotReply, SnapshotRequest } from '#telephony';
import type { TEvent } from '#tlib';
import { TlibClient } from '#tlib/client';
import { startSmartProxy } from './start.js';

const HOST = '127.0.23.1';
const clock = new SystemClock();
const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };

const freePort = (): Promise<number> => new Promise((resolve) => {
  const server = createServer().listen(0, HOST, () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  });
});

/** The T-Controller of N2: owns 7001 and 7002, of which only 7001 has events. */
class Owner {
  #seq = 3;
  readonly #membership: MembershipService<Heartbeat>;

  constructor(private readonly bus: MemoryBus) {
    for (const dn of ['7001', '7002']) {
      bus.subscribe(subjects.dnCommand(dn), (_, { respond }) => respond?.({ kind: 'snapshot', snapshot: this.#snapshot(dn) } satisfies DnReply));
    }
    bus.subscribe(subjects.tcSnapshot('N2'), (message, { respond }) => {
      const question = message as SnapshotRequest;
      if (question.kind === 'page') respond?.({ kind: 'page', snapshots: ['7001', '7002'].map((dn) => this.#snapshot(dn)), more: false } satisfies SnapshotReply);
    });
    this.#membership = new MembershipService<Heartbeat>({ ...base, bus }, () => ({
      instance: 'N2/t-controller', node: 'N2', tier: 't-controller', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 2,
    }));
    this.#membership.start();
  }

  say(msg: string): void {
    this.#seq += 1;
    const event: DnEvent = { dn: '7001', owner: 'N2', epoch: 5, seq: this.#seq, event: { msg, ThisDN: '7001', DNSequence: this.#seq } };
    this.bus.publish(subjects.dnEvent('7001'), event);
  }

  close(): void {
    this.#membership.close();
  }

  #snapshot(dn: string): DnSnapshot {
    return { dn, owner: 'N2', epoch: 5, seq: dn === '7001' ? this.#seq : 1, inService: true, agent: undefined, calls: [], dnd: false };
  }
}

it('is told in a new session what there is, then what comes', async () => {
  const bus = new MemoryBus(base);
  const owner = new Owner(bus);
  const ports = [await freePort(), await freePort()];
  const half = (port: number) => {
    const { config } = parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications: { N1: { type: sip-server, server-id: 1, host: ${HOST}, ports: { sip: 0, SmartProxy: ${port} } } }
dns: [{ numbers: 7001-7002, type: Extension }]
`, 'sp.yaml');
    return startSmartProxy(config, config.applications[0]!, { ...base, bus, keyValues: new MemoryKeyValueStore(clock) });
  };
  const first = await half(ports[0]!);
  const client = new TlibClient({
    addresses: ports.map((port) => ({ host: HOST, port })), applicationName: 'StatServer', reconnectDelayMs: 10,
  });
  const sessions: TEvent[][] = [[]];
  client.on('*', (event) => {
    if (event.msg === 'EventServerDisconnected') sessions.push([]);
    sessions.at(-1)!.push(event);
  });
  await client.connect();
  await client.registerAddress('*');
  await client.registerAddress('7001');
  const heard = client.next('EventDNDOn');
  owner.say('EventDNDOn');
  await heard;

  const again = new Promise<void>((resolve, reject) => {
    client.onNewSession(async () => {
      await client.registerAddress('*');
      await client.registerAddress('7001');
      resolve();
    }, reject);
  });
  await first.close();
  owner.say('EventDNDOff');
  const second = await half(ports[1]!);
  await again;
  const last = client.next('EventMessageWaitingOn');
  owner.say('EventMessageWaitingOn');
  await last;

  const [before, after] = sessions as [TEvent[], TEvent[]];
  const told = (events: readonly TEvent[]) => events.filter(({ ThisDN, DNSequence }) => ThisDN === '7001' && DNSequence !== undefined);
  expect(told(before).at(-1)).toMatchObject({ msg: 'EventDNDOn', DNSequence: 4 });
  expect(after.find(({ msg }) => msg === 'EventLinkConnected')).toMatchObject({ Resumed: false });
  expect(after.find(({ msg }) => msg === 'EventBacklogLost')).toMatchObject({ FromSequence: (before.at(-1)!['EventSequenceNumber'] as number) + 1 });
  // What was lost in between is in the snapshots, and no event says it again.
  expect(told(after).filter(({ msg }) => msg.startsWith('EventDND') || msg.startsWith('EventMessage')).map(({ msg, DNSequence }) => [msg, DNSequence]))
    .toEqual([['EventMessageWaitingOn', 6]]);
  expect(after.filter(({ msg, ThisDN }) => msg === 'EventRegistered' && ThisDN === '7001')).toMatchObject([{ DNSequence: 5 }]);
  const numbers = after.map((event) => event['EventSequenceNumber']).filter((each) => each !== undefined && each !== 0);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
  client.close();
  await second.close();
  owner.close();
  await bus.close();
});
