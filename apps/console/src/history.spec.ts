import { MemoryBus, MemoryKeyValueStore } from '#cluster';
import { parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { type RunningTier, serveAdmin } from '#tier';
import { startConsole } from './start.js';

const CONFIG = `
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  Console: { type: console, ports: { http: 0 } }
`;
const CONN = '0017546300000001';

describe('history by HTTP', () => {
  const clock = new SystemClock();
  const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const ports = { ...base, bus: new MemoryBus(base), keyValues: new MemoryKeyValueStore(clock) };
  const { config } = parseConfig(CONFIG, 'console.yaml');
  const asked: object[] = [];
  let console: RunningTier;
  let url: string;
  const stops: (() => void)[] = [];

  /** A recorder that answers, or says why not. */
  function recorder(instance: string, answer: () => object): void {
    ports.bus.publish(`cb.node.${instance}.alive`, {
      instance, node: instance, tier: 'recorder', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 0,
    });
    const handle = (args: object): object => {
      asked.push(args);
      return answer();
    };
    stops.push(serveAdmin(ports.bus, {
      instance, listening: [], ready: () => true, drain: async () => {}, close: async () => {},
      admin: { 'history calls': handle, 'history cdrs': () => ({ rows: [{ key: 'c', callUUID: 'U', type: 0 }] }) },
    }));
  }

  beforeAll(async () => {
    console = await startConsole(config, config.applications[0]!, ports);
    url = `http://127.0.0.1:${console.listening[0]!.port}/api/v1/history`;
  });
  afterAll(async () => {
    for (const stop of stops) stop();
    await console.close();
    await ports.bus.close();
  });

  const get = async (path: string): Promise<{ status: number; body: Record<string, unknown> }> => {
    const reply = await fetch(`${url}/${path}`);
    return { status: reply.status, body: await reply.json() as Record<string, unknown> };
  };

  it('says that no recorder runs', async () => {
    expect(await get('calls')).toMatchObject({ status: 503, body: { message: 'no recorder runs: add an application of type recorder, or start it' } });
  });

  it('answers the rows of all recorders, and names those that do not answer', async () => {
    recorder('R1', () => ({ rows: [{ key: 'U', startedAtMs: 1_767_225_600_000, callUUID: 'U', dn: '7001' }], next: '1767225600000.U' }));
    recorder('R2', () => { throw new Error('the history store does not answer'); });
    const { status, body } = await get('calls?from=1767225600000&to=1767225700000&dn=7001&limit=7');
    expect([status, body]).toEqual([200, {
      rows: [{ startedAtMs: 1_767_225_600_000, callUUID: 'U', dn: '7001' }], next: '1767225600000.U', incomplete: ['R2: the history store does not answer'],
    }]);
    expect(asked[0]).toEqual({ fromMs: 1_767_225_600_000, toMs: 1_767_225_700_000, dn: '7001', limit: 7 });
  });

  it('as CSV, when asked so', async () => {
    const reply = await fetch(`${url}/calls?format=csv`);
    expect([reply.headers.get('content-type'), await reply.text()]).toEqual([
      'text/csv; charset=utf-8', 'startedAtMs,callUUID,dn\r\n2026-01-01T00:00:00.000Z,U,7001\r\n',
    ]);
  });

  it('one call with its attempts', async () => {
    expect((await get(`calls/${CONN}`)).body).toEqual({
      calls: [{ startedAtMs: 1_767_225_600_000, callUUID: 'U', dn: '7001', cdrs: [{ callUUID: 'U', type: 0 }] }],
    });
    expect(asked.at(-1)).toMatchObject({ connID: CONN, fromMs: 0 });
  });

  it('says what is wrong with a request', async () => {
    expect(await get('calls?limit=x')).toMatchObject({ status: 400, body: { message: 'limit x: must be a whole number from 1 to 500' } });
    expect(await get('callz')).toMatchObject({ status: 404 });
    expect(await get('calls/7001')).toMatchObject({ status: 400, body: { message: 'connid 7001: must be 16 lower-case hex digits' } });
  });
});
