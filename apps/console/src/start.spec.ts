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

function makePorts() {
  const clock = new SystemClock();
  const ports = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  return { ...ports, bus: new MemoryBus(ports), keyValues: new MemoryKeyValueStore(clock) };
}

const fakeTier = (instance: string): RunningTier => ({
  instance, listening: [], ready: () => true, drain: async () => {}, close: async () => {},
  admin: {
    'dn list': (args) => ({ dns: [{ dn: '7001', filter: args['filter'] ?? 'none' }] }),
    'dn break': () => { throw new Error('take a DN of this node'); },
  },
});

describe('the console', () => {
  const ports = makePorts();
  const { config } = parseConfig(CONFIG, 'console.yaml');
  let console: RunningTier;
  let url: string;
  let stopAdmin: () => void;

  beforeAll(async () => {
    console = await startConsole(config, config.applications[0]!, ports);
    url = `http://127.0.0.1:${console.listening[0]!.port}`;
    // Known by its heartbeat, as any instance of the cluster is.
    ports.bus.publish('cb.node.TC1.alive', {
      instance: 'TC1', node: 'TC1', tier: 't-controller', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 0,
    });
    stopAdmin = serveAdmin(ports.bus, fakeTier('TC1'));
  });
  afterAll(async () => {
    stopAdmin();
    await console.close();
    await ports.bus.close();
  });

  const post = (command: string, body: object, headers: Record<string, string> = {}) => fetch(
    `${url}/api/v1/commands/${encodeURIComponent(command)}`,
    { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } },
  );

  it('is healthy, lists instances and asks those that know a command', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const { instances } = await (await fetch(`${url}/api/v1/instances`)).json() as { instances: { instance: string }[] };
    expect(instances.map((entry) => entry.instance)).toEqual(['Console', 'TC1']);
    const reply = await post('dn list', { args: { filter: '70' } });
    expect(await reply.json()).toEqual({ answers: [{ instance: 'TC1', result: { dns: [{ dn: '7001', filter: '70' }] } }] });
  });

  it('says what was wrong', async () => {
    const unknown = await post('dn lst', {});
    expect(unknown.status).toBe(400);
    expect(await unknown.text()).toContain('commands: dn break, dn list');
    expect(await (await post('dn break', { instance: 'TC1' })).text()).toContain('take a DN of this node');
    expect(await (await post('status', { instance: 'Nobody' })).text()).toContain('no instance called Nobody is running');
    expect((await post('dn list', { args: [] })).status).toBe(400);
  });

  it('takes no commands from web pages', async () => {
    expect((await post('dn list', {}, { origin: 'https://elsewhere.example' })).status).toBe(403);
  });

  it('is not ready while another tier of its process is not', async () => {
    let ready = false;
    const beside = await startConsole(config, config.applications[0]!, { ...makePorts(), processReady: () => ready });
    const ask = async () => (await fetch(`http://127.0.0.1:${beside.listening[0]!.port}/readyz`)).status;
    expect(await ask()).toBe(503);
    ready = true;
    expect(await ask()).toBe(200);
    await beside.close();
  });

  it('is not ready while draining', async () => {
    await console.drain(0);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
  });
});

describe('access', () => {
  it('refuses to listen for everyone without a key', async () => {
    const { config } = parseConfig(CONFIG, 'console.yaml', '0.0.0.0');
    await expect(startConsole(config, config.applications[0]!, makePorts())).rejects.toThrow('set its option api-key');
  });
});
