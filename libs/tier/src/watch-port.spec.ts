import { MemoryBus, MemoryKeyValueStore } from '#cluster';
import { parseConfig } from '#config';
import { silentLog, SystemClock, SystemEntropy } from '#kernel';
import { PrometheusMeter } from '#observability';
import type { RunningTier } from './tier.js';
import { hasWatchPort, startWatchPort } from './watch-port.js';

const { config } = parseConfig(`
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  P1: { type: sip-proxy, ports: { sip: 5060, http: 0 } }
  P2: { type: sip-proxy, host: 127.0.0.2, ports: { sip: 5060 } }
  C1: { type: console, ports: { http: 0 } }
`, 'switch.yaml');
const [proxy, silent, desk] = config.applications;

describe('the http port of a process that is no console', () => {
  const clock = new SystemClock();
  const meter = new PrometheusMeter();
  let ready = true;
  let tier: RunningTier;
  const ports = {
    clock, entropy: new SystemEntropy(), log: silentLog, meter, keyValues: new MemoryKeyValueStore(clock),
    bus: new MemoryBus({ clock, log: silentLog, meter }), processReady: () => ready,
  };
  const get = (path: string, method = 'GET'): Promise<Response> => {
    const { host, port } = tier.listening[0]!;
    return fetch(`http://${host}:${port}${path}`, { method });
  };

  beforeAll(async () => { tier = await startWatchPort(config, proxy!, ports); });
  afterAll(() => tier.close());

  it('is opened where it is written, and left to the console there', () => {
    expect([proxy!, silent!, desk!].map(hasWatchPort)).toEqual([true, false, false]);
  });

  it('answers while the process lives', async () => {
    const response = await get('/healthz');
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
  });

  it('says whether new work is taken', async () => {
    expect((await get('/readyz')).status).toBe(200);
    ready = false;
    const response = await get('/readyz');
    ready = true;
    expect([response.status, await response.json()]).toEqual([503, { ready: false }]);
  });

  it('gives Prometheus the process\'s metrics', async () => {
    meter.counter('test_total', 'Tests').add(3);
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toContain('cordboard_test_total 3');
  });

  it('tells what there is, and takes nothing', async () => {
    expect((await get('/other')).status).toBe(404);
    expect((await get('/metrics', 'POST')).status).toBe(405);
  });

  it('names a port that is taken', async () => {
    const { port } = tier.listening[0]!;
    const taken = { ...proxy!, ports: new Map([['http', port]]) };
    await expect(startWatchPort(config, taken, ports)).rejects.toThrow(`P1 cannot listen on 127.0.0.1 port ${port}: is another server running there?`);
  });
});
