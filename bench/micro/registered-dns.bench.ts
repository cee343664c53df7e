/** Ten thousand DNs at one T-Controller: a client that registers each of them, beside a Smart client that asks once (TC-14, TC-15). */
import { connect } from 'node:net';
import { MemoryBus, MemoryKeyValueStore, subjects } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import type { TcCommand } from '#telephony';
import { startTController } from '../../apps/t-controller/src/start.js';
import { measureAsync, report } from './measure.js';

const DNS = 10_000;
const FIRST = 10_000;
const CONFIG = `
switch: { name: Bench, access-point: sip.bench.test, external-contact: phones.bench.test }
applications:
  N1: { type: sip-server, server-id: 1, ports: { sip: 0, TCport: 0 } }
dns:
  - { numbers: ${FIRST}-${FIRST + DNS - 1}, type: Extension }
`;
/** Until claims were repeated for the last time, so that they are not measured along. */
const QUIET_MS = 4_000;

const clock = new SystemClock();
const ports = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
const bus = new MemoryBus(ports);
const { config } = parseConfig(CONFIG, 'bench.yaml');
const tier = await startTController(config, config.applications[0]!, { ...ports, bus, keyValues: new MemoryKeyValueStore(clock) });
const port = tier.listening[0]!.port;
const dns = Array.from({ length: DNS }, (_, i) => String(FIRST + i));
for (const dn of dns) bus.publish(subjects.tcCommand('N1'), { kind: 'registered', dn, untilMs: clock.nowMs() + 3_600_000 } satisfies TcCommand);
await new Promise<void>((resolve) => { clock.setTimer(QUIET_MS, resolve); });

/** Opens, sends the lines, and ends when `last` has come. */
function converse(role: string, lines: string, last: string): Promise<void> {
  return new Promise((resolve) => {
    let tail = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`{"msg":"RequestRegisterClient","ApplicationName":"bench","ProtocolVersion":1,"ClientRole":"${role}"}\n${lines}`);
    });
    socket.on('data', (chunk: Buffer) => {
      tail = tail.slice(-200) + chunk.toString('latin1');
      if (!tail.includes(last)) return;
      socket.destroy();
      resolve();
    });
  });
}

const each = dns.map((dn, i) => `{"msg":"RequestRegisterAddress","ReferenceID":${i + 1},"ThisDN":"${dn}"}\n`).join('');
const all = '{"msg":"RequestRegisterAll","ReferenceID":7}\n';
report([
  await measureAsync('T-Controller: a DN registered by a client that registers 10,000', DNS, () => converse('Standard', each, `"ReferenceID":${DNS},`)),
  await measureAsync('T-Controller: a DN told to a Smart client of 10,000', DNS, () => converse('Smart', all, '"ReferenceID":7,')),
]);
await tier.close();
await bus.close();
