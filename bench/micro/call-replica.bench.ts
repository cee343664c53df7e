/**
 * What it costs a session controller to let the other half of its pair know of a routed call: CPU with and without a replica, the frames encoded as for
 * NATS, and characters per call. Sockets and other tiers are left out.
 */
import { MemoryBus, type Replica, type ReplicaMessage, ReplicaSource, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog } from '#kernel';
import { SeededEntropy, VirtualClock } from '#simulation';
import { Client } from '../../apps/session-controller/src/fixtures/core.fixture.js';
import { Device, FarEnd, sdp } from '../../apps/session-controller/src/fixtures/far-end.fixture.js';
import { SWITCH } from '../../apps/session-controller/src/fixtures/switch.fixture.js';
import { SessionControllerCore } from '../../apps/session-controller/src/session-controller-core.js';
import { median } from '../median.js';
import { report } from './measure.js';

const CALLS = 300;
const ROUNDS = 15;
/** Beyond what transactions keep, so that rounds are alike. */
const QUIET_MS = 60_000;

class Wire implements Replica {
  readonly restored = new Map<string, object>();
  readonly source = new ReplicaSource('a', 1);
  readonly #frames: ReplicaMessage[] = [];
  chars = 0;
  frames = 0;

  constructor() {
    this.source.on({ kind: 'want', from: 'b', epoch: 1 }, this.#frames);
  }

  put(key: string, value: object): void {
    this.source.put('session-controller', key, value);
  }

  remove(key: string): void {
    this.source.put('session-controller', key, undefined);
  }

  flush(): void {
    this.source.flush(this.#frames);
    for (const frame of this.#frames.splice(0)) {
      this.chars += JSON.stringify(frame).length;
      this.frames += 1;
      if (frame.kind === 'frame') this.source.on({ kind: 'got', from: 'b', epoch: 1, seq: frame.seq }, this.#frames);
    }
  }
}

function start(replica: Wire | undefined) {
  const clock = new VirtualClock();
  const ports = { clock, entropy: new SeededEntropy(1), log: silentLog, meter: new CountingMeter() };
  const bus = new MemoryBus(ports);
  const far = new FarEnd();
  const { config } = parseConfig(SWITCH.replace('oos-check: 10', 'oos-check: 0'), 'bench.yaml');
  const application = config.applications.find(({ name }) => name === 'N1')!;
  const core = new SessionControllerCore(config, application, { ...ports, bus, transport: far, ...(replica === undefined ? {} : { replica: () => replica }) });
  bus.subscribe('cb.dn.*.cmd', (message, { subject, respond }) => {
    const command = message as { kind: string; seq: number; items: unknown[]; stream: string };
    if (command.kind === 'offer') respond?.({ kind: 'offered', agentID: 'agent' });
    if (command.kind !== 'frame') return;
    bus.publish(subjects.scCommand('N1'), {
      kind: 'ack', dn: subject.split('.')[2], stream: command.stream, upTo: command.seq + command.items.length, resync: false,
    });
  });
  core.start();
  const router = new Client('router');
  core.clientConnected(router);
  core.routingPort.onRequest(router, { msg: 'RequestRegisterAddress', ThisDN: '5000' });
  let last = 0;
  return async () => {
    for (let call = 0; call < CALLS; call += 1) {
      last += 1;
      await oneCall(core, far, router, clock, `888${last}`);
    }
    await clock.advance(QUIET_MS);
    far.clear();
  };
}

async function oneCall(core: SessionControllerCore, far: FarEnd, router: Client, clock: VirtualClock, from: string): Promise<void> {
  const caller = new Device(far, from, { host: '192.0.2.9', port: 5090 });
  const invite = caller.invite('5000', { sdp: sdp('caller') });
  const connID = router.events.find(({ msg }) => msg === 'EventRouteRequest')?.ConnID as string;
  router.events.length = 0;
  core.routingPort.onRequest(router, { msg: 'RequestRouteCall', ThisDN: '5000', ConnID: connID, OtherDN: '7001' });
  await clock.advance(1);
  const agent = new Device(far, '7001');
  const toAgent = far.takeRequest('INVITE');
  agent.answer(toAgent, 180);
  agent.answer(toAgent, 200, { sdp: sdp('agent') });
  caller.joins(far.takeResponse(200, 'INVITE'));
  caller.ack(invite);
  await clock.advance(1);
  caller.request('BYE');
  agent.answer(far.takeRequest('BYE'), 200);
  await clock.advance(1);
  far.clear();
}

const wire = new Wire();
const replicated = start(wire);
await replicated();
const before = { chars: wire.chars, frames: wire.frames };
await replicated();
const perCall = (what: 'chars' | 'frames'): string => ((wire[what] - before[what]) / CALLS).toFixed(1);
console.log(`a routed call: ${perCall('frames')} frames, ${perCall('chars')} characters on the wire`);

const alone = start(undefined);
await alone();
const costs = { alone: [] as number[], replicated: [] as number[] };
// Turn by turn, so that whatever else runs on the machine meets both alike.
for (let round = 0; round < ROUNDS; round += 1) {
  costs.alone.push(await cpuOf(alone));
  costs.replicated.push(await cpuOf(replicated));
}
report([
  { name: 'a routed call at a session controller, no pair', cpuMicros: median(costs.alone) },
  { name: 'the same, with a replica', cpuMicros: median(costs.replicated) },
  { name: 'the replica alone, median of the differences', cpuMicros: median(costs.replicated.map((cost, at) => cost - (costs.alone[at] as number))) },
]);

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}
