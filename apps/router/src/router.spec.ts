import { silentLog } from '#kernel';
import { settle, VirtualClock } from '#simulation';
import { kv, type TEvent } from '#tlib';
import { TlibRequestError } from '#tlib/client';
import { Router, type RouterClient } from './router.js';

/** A port that the test plays: nothing is connected before it says so, and requests are answered as it likes. */
class FakePort implements RouterClient {
  readonly asked: string[] = [];
  answer: (msg: string) => Promise<TEvent> = (msg) => Promise.resolve({ msg });
  readonly #handlers = new Map<string, ((event: TEvent) => void)[]>();

  on(name: string, handler: (event: TEvent) => void): () => void {
    this.#handlers.set(name, [...this.#handlers.get(name) ?? [], handler]);
    return () => {};
  }

  tell(msg: string, more: object = {}): void {
    for (const name of [msg, '*']) for (const handler of this.#handlers.get(name) ?? []) handler({ msg, ...more } as TEvent);
  }

  connect = (): Promise<TEvent> => new Promise(() => {});
  close(): void {}
  request = (msg: string): Promise<TEvent> => this.#ask(msg);
  registerAddress = (dn: string): Promise<TEvent> => this.#ask(`register ${dn}`);
  routeCall = (_dn: string, connID: string, to: string): Promise<TEvent> => this.#ask(`route ${connID} to ${to}`);
  reserveAgent = (what: Readonly<Record<string, unknown>>, _priority: number, ms: number): Promise<TEvent> =>
    this.#ask(`${ms === 0 ? 'free' : 'reserve'} ${String(what['ThisDN'])}`);
  sendEvent = (dn: string, event: string): Promise<TEvent> => this.#ask(`${event} ${dn}`);

  #ask(what: string): Promise<TEvent> {
    this.asked.push(what);
    return this.answer(what);
  }
}

async function serving(virtualQueue = '') {
  const ports = new Map<number, FakePort>();
  const router = new Router({
    routingPoints: ['5000'], agentDNs: ['7001'], virtualQueue, priority: 1, maxWaitMs: 0, hasSkill: () => true,
    servers: [{ name: 'S1', addresses: [{ host: 'h', port: 7000 }] }], smartProxy: [{ host: 'h', port: 7003 }], vqServer: [{ host: 'h', port: 7010 }],
  }, {
    clock: new VirtualClock(), log: silentLog,
    makeClient: ([address]) => {
      const client = new FakePort();
      ports.set(address!.port, client);
      return client;
    },
  });
  await router.start();
  const [server, monitor, vq] = [ports.get(7000)!, ports.get(7003)!, ports.get(7010)!];
  const agentReady = () => {
    monitor.tell('EventServerConnected');
    monitor.tell('EventRegistered', { ThisDN: '7001', Extensions: kv({ status: 0, AgentStatus: 2, AgentID: 'agent7001' }) });
  };
  return { router, server, monitor, vq, agentReady };
}

it('starts while nothing answers, and serves each port when it does', async () => {
  const { router, server, monitor } = await serving();
  expect(router.state()).toEqual({ waiting: 0, freeAgents: 0, connected: [] });
  server.tell('EventServerConnected');
  monitor.tell('EventServerConnected');
  expect([server.asked, monitor.asked]).toEqual([['register 5000'], ['register 7001']]);
  expect(router.state()).toMatchObject({ connected: ['S1', 'SmartProxy'] });
});

it('takes up the calls that waited before it came', async () => {
  const { server, vq, agentReady } = await serving();
  server.tell('EventServerConnected');
  server.tell('EventRegistered', { ThisDN: '5000', Extensions: kv({ status: 1, 'conn-1': 'a', 'ct-1': 'Inbound' }) });
  agentReady();
  await settle();
  expect([vq.asked, server.asked.at(-1)]).toEqual([['reserve 7001'], 'route a to 7001']);
});

it('registers anew after a restart of the server, and not after a resume', async () => {
  const { router, server } = await serving();
  server.tell('EventServerConnected');
  server.tell('EventRouteRequest', { ThisDN: '5000', ConnID: 'a' });
  server.tell('EventServerDisconnected');
  server.tell('EventServerConnected', { Resumed: true });
  expect([router.waiting, server.asked]).toEqual([1, ['register 5000']]);
  server.tell('EventServerDisconnected');
  expect(router.state()).toMatchObject({ connected: [] });
  server.tell('EventServerConnected');
  expect([router.waiting, server.asked]).toEqual([1, ['register 5000', 'register 5000']]);
  server.tell('EventRegistered', { ThisDN: '5000', Extensions: kv({ status: 0 }) });
  expect(router.waiting).toBe(0);
});

it('keeps the places of calls that the other half of a pair still has, and offers them again', async () => {
  const { router, server, agentReady } = await serving();
  server.tell('EventServerConnected');
  agentReady();
  server.answer = () => new Promise(() => {});
  for (const ConnID of ['a', 'b', 'c']) server.tell('EventRouteRequest', { ThisDN: '5000', ConnID });
  await settle();
  expect(server.asked.at(-1)).toBe('route a to 7001');
  server.tell('EventServerDisconnected');
  server.tell('EventServerConnected');
  await settle();
  expect(server.asked.at(-1)).toBe('register 5000');
  server.tell('EventRegistered', { ThisDN: '5000', Extensions: kv({ 'conn-1': 'c', 'ct-1': 'Inbound', 'conn-2': 'a', 'ct-2': 'Inbound' }) });
  await settle();
  expect([router.waiting, server.asked.at(-1)]).toEqual([2, 'route a to 7001']);
});

it('tells a virtual-queue server that was away what happened meanwhile', async () => {
  const { server, vq } = await serving('VQ');
  server.tell('EventServerConnected');
  vq.tell('EventServerConnected');
  server.tell('EventRouteRequest', { ThisDN: '5000', ConnID: 'a' });
  await settle();
  vq.answer = () => Promise.reject(new TlibRequestError(58, 'not connected'));
  server.tell('EventAbandoned', { ThisDN: '5000', ConnID: 'a' });
  server.tell('EventRouteRequest', { ThisDN: '5000', ConnID: 'b' });
  await settle();
  vq.answer = (msg) => Promise.resolve({ msg });
  vq.asked.length = 0;
  vq.tell('EventServerConnected');
  await settle();
  expect(vq.asked).toEqual(['EventAbandoned VQ', 'EventQueued VQ']);
  vq.tell('EventServerConnected');
  await settle();
  expect(vq.asked).toHaveLength(2);
});

it('routes without a reservation while the virtual-queue server is away', async () => {
  const { server, vq, agentReady } = await serving();
  vq.answer = () => Promise.reject(new TlibRequestError(58, 'not connected'));
  server.tell('EventServerConnected');
  agentReady();
  server.tell('EventRouteRequest', { ThisDN: '5000', ConnID: 'a' });
  await settle();
  expect(server.asked.at(-1)).toBe('route a to 7001');
});

it('lets the agent rest who refused, and not the one whose caller was quicker taken by another router', async () => {
  const { router, server, agentReady } = await serving();
  server.tell('EventServerConnected');
  agentReady();
  server.answer = () => Promise.reject(new TlibRequestError(496, 'another destination is being tried', { msg: 'EventError' }));
  server.tell('EventRouteRequest', { ThisDN: '5000', ConnID: 'a' });
  await settle();
  expect(router.state()).toMatchObject({ waiting: 1, freeAgents: 1 });
  server.answer = () => Promise.reject(new TlibRequestError(231, 'busy', { msg: 'EventError' }));
  server.tell('EventRouteRequest', { ThisDN: '5000', ConnID: 'b' });
  await settle();
  expect(router.state()).toMatchObject({ waiting: 2, freeAgents: 0 });
});
