import { createHash } from 'node:crypto';
import { MemoryBus, MemoryKeyValueStore } from '#cluster';
import { type ApiKey, parseConfig } from '#config';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { LimitsInForce, LimitsRepository } from '#limits-store';
import { MemoryLimiterStore, MemoryLocationStore } from '#store';
import type { RunningTier } from '#tier';
import { startConsole } from '../start.js';
import { LIMITS_CONTROLLERS } from './controllers.js';
import { routesOf } from './openapi.js';

const CONFIG = `
switch: { name: Test, access-point: sip.test.example, external-contact: phones.test.example }
applications:
  Console: { type: console, ports: { http: 0 } }
`;
const keyOf = (name: string, given: Partial<ApiKey> = {}): ApiKey =>
  ({ name, sha256: createHash('sha256').update(name).digest('hex'), role: 'admin', ...given });
const KEYS = [keyOf('ann'), keyOf('wall', { role: 'viewer' }), keyOf('bob', { divisions: ['sales'] })];

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly etag: string | null;
}

describe('the API of call limits', () => {
  const clock = new SystemClock();
  const base = { clock, entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  let ports: typeof base & { bus: MemoryBus; keyValues: MemoryKeyValueStore };
  let store: MemoryLimiterStore;
  let console: RunningTier;
  let url: string;
  let closers: (() => unknown)[];

  beforeEach(async () => {
    ports = { ...base, bus: new MemoryBus(base), keyValues: new MemoryKeyValueStore(clock) };
    store = new MemoryLimiterStore(clock);
    const { config } = parseConfig(CONFIG, 'console.yaml');
    const stores = { limiter: async () => store, location: async () => new MemoryLocationStore(clock) };
    console = await startConsole(config, { ...config.applications[0]!, apiKeys: KEYS }, { ...ports, stores });
    closers = [() => console.close(), () => ports.bus.close()];
    url = `http://127.0.0.1:${console.listening[0]!.port}/api/v1`;
    while ((await call('GET', 'limits/mode')).status !== 200) await new Promise((resolve) => setImmediate(resolve));
  });
  afterEach(async () => {
    for (const close of closers) await close();
  });

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const reply = await fetch(`${url}/${path}`, {
      method,
      headers: { authorization: 'Bearer ann', ...(body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'text/csv' : 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await reply.text();
    const isJson = reply.headers.get('content-type')?.startsWith('application/json') === true;
    return { status: reply.status, body: (isJson ? JSON.parse(text) : { text }) as Record<string, unknown>, etag: reply.headers.get('etag') };
  }
  const as = (name: string) => ({ authorization: `Bearer ${name}` });
  const RULE = { dnis: '5000', type: 'concurrent', limit: 5 };

  /** A proxy of the cluster, known by its heartbeat. */
  function proxy(name: string): LimitsRepository {
    ports.bus.publish(`cb.node.${name}.alive`, {
      instance: name, node: name, tier: 'sip-proxy', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 0,
    });
    const repository = new LimitsRepository({ dataCentre: 'dc1', dataCentres: ['dc1'] }, ports);
    const inForce = new LimitsInForce(name, ports.bus, repository);
    repository.start();
    inForce.start();
    closers.unshift(() => repository.close(), () => inForce.close());
    return repository;
  }

  it('has the mode, and says which there are', async () => {
    expect((await call('GET', 'limits/mode')).body).toEqual({ mode: 'unlimited' });
    const p1 = proxy('P1');
    expect(await call('PUT', 'limits/mode', { mode: 'dnis' })).toMatchObject({ status: 200, body: { mode: 'dnis' } });
    expect(p1.table.mode).toBe('dnis');
    expect(await call('PUT', 'limits/mode', { mode: 'off' })).toMatchObject({
      status: 400, body: { errors: [{ field: 'mode', message: 'must be one of: unlimited, all-busy, dnis' }] },
    });
  });

  it('answers 202 with the proxies that do not say that a change is in force', async () => {
    ports.bus.publish('cb.node.P9.alive', {
      instance: 'P9', node: 'P9', tier: 'sip-proxy', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false, load: 0,
    });
    expect(await call('PUT', 'limits/mode', { mode: 'all-busy' })).toMatchObject({ status: 202, body: { mode: 'all-busy', notInForce: ['P9'] } });
  });

  it('makes, shows, changes and removes rules', async () => {
    const made = await call('POST', 'limits/rules', RULE);
    expect(made).toMatchObject({ status: 201, body: { dnis: '5000', limit: 5, createdBy: 'ann', active: true, enabled: true } });
    const id = made.body['id'] as string;
    expect(made.etag).toBe(`"${made.body['version'] as string}"`);
    expect(await call('GET', `limits/rules/${id}`)).toMatchObject({ status: 200, body: made.body, etag: made.etag });
    const changed = await call('PATCH', `limits/rules/${id}`, { limit: 7, answer: { status: 503, retryAfterS: 20 } }, { 'if-match': made.etag! });
    expect(changed).toMatchObject({ status: 200, body: { limit: 7, answer: { status: 503, retryAfterS: 20 }, type: 'concurrent' } });
    expect(await call('PATCH', `limits/rules/${id}`, { limit: 8 }, { 'if-match': made.etag! })).toMatchObject({ status: 412 });
    expect(await call('PUT', `limits/rules/${id}`, { ...changed.body, enabled: false })).toMatchObject({ status: 200, body: { enabled: false, active: false, limit: 7 } });
    expect(await call('PATCH', `limits/rules/${id}`, { answer: null, enabled: true })).toMatchObject({ body: { answer: { status: 486 }, active: true } });
    expect(await call('DELETE', `limits/rules/${id}`, undefined, { 'if-match': made.etag! })).toMatchObject({ status: 412 });
    expect(await call('DELETE', `limits/rules/${id}`)).toMatchObject({ status: 200, body: { removed: id } });
    expect(await call('GET', `limits/rules/${id}`)).toMatchObject({ status: 404, body: { message: `there is no rule ${id}` } });
    expect(await call('PATCH', 'limits/rules/none', {})).toMatchObject({ status: 404 });
  });

  it('takes an id that somebody chose, once', async () => {
    expect(await call('PUT', 'limits/rules/night', RULE, { 'if-none-match': '*' })).toMatchObject({ status: 201, body: { id: 'night' } });
    expect(await call('PUT', 'limits/rules/night', RULE, { 'if-none-match': '*' })).toMatchObject({ status: 412, body: { message: 'there is a rule night already' } });
    expect(await call('PUT', 'limits/rules/a%20b', RULE)).toMatchObject({ status: 400, body: { errors: [{ field: 'id' }] } });
  });

  it('names each field that is wrong, and the rule that another one meets', async () => {
    const wrong = await call('POST', 'limits/rules', { dnis: 'a b', type: 'waiting', limit: -1, colour: 'red' });
    expect(wrong.status).toBe(400);
    expect((wrong.body['errors'] as { field: string }[]).map(({ field }) => field).sort()).toEqual(['colour', 'dnis', 'limit', 'queues']);
    await call('PUT', 'limits/rules/r1', RULE);
    expect(await call('POST', 'limits/rules', RULE)).toMatchObject({ status: 409, body: { errors: [{ field: 'schedule', message: expect.stringContaining('rule r1') }] } });
    const broken = await fetch(`${url}/limits/rules`, { method: 'POST', headers: { ...as('ann'), 'content-type': 'application/json' }, body: '{' });
    expect(broken.status).toBe(400);
  });

  it('lists rules in pages, by number, division and queue', async () => {
    for (const [id, dnis] of [['c', '3'], ['a', '1'], ['b', '2']] as const) await call('PUT', `limits/rules/${id}`, { ...RULE, dnis });
    await call('PUT', 'limits/rules/q', { dnis: '4', type: 'waiting', queues: ['vip'], division: 'sales' });
    const ids = async (query: string) => {
      const { body } = await call('GET', `limits/rules?${query}`);
      return [(body['rules'] as { id: string }[]).map(({ id }) => id), body['next']];
    };
    expect(await ids('limit=2')).toEqual([['a', 'b'], 'b']);
    expect(await ids('limit=2&after=b')).toEqual([['c', 'q'], undefined]);
    expect(await ids('queue=vip')).toEqual([['q'], undefined]);
    expect(await ids('division=sales')).toEqual([['q'], undefined]);
    expect(await ids('dnis=3')).toEqual([['c'], undefined]);
    expect(await call('GET', 'limits/rules?limit=0&colour=red')).toMatchObject({ status: 400, body: { errors: [{ field: 'limit' }, { field: 'colour' }] } });
  });

  it('gives rules as CSV, and takes them: all or none', async () => {
    await call('PUT', 'limits/rules/r1', RULE);
    const { body: { text } } = await call('GET', 'limits/rules.csv');
    expect(text).toContain('r1,,5000,');
    expect(await call('POST', 'limits/rules.csv', `${text as string},,5001,,true,,concurrent,3\r\n`)).toMatchObject({ status: 200, body: { imported: 2 } });
    expect((await call('GET', 'limits/rules')).body['rules']).toHaveLength(2);
    expect(await call('POST', 'limits/rules.csv', 'dnis,type\n5002,concurrent\n5003,nonsense\n')).toMatchObject({ status: 400, body: { errors: [{ field: 'line 3.type' }] } });
    expect(await call('POST', 'limits/rules.csv', 'dnis,type\n5002,concurrent\n5000,concurrent\n')).toMatchObject({ status: 409, body: { errors: [{ field: 'line 3.schedule' }] } });
    expect(await call('POST', 'limits/rules.csv', {})).toMatchObject({ status: 400, body: { errors: [{ field: 'body' }] } });
    expect((await call('GET', 'limits/rules')).body['rules']).toHaveLength(2);
  });

  it('blocks callers', async () => {
    const p1 = proxy('P1');
    const entry = await call('POST', 'limits/ani', { number: '+8150*', expires: '2999-01-01T00:00:00Z', note: 'campaign' });
    expect(entry).toMatchObject({ status: 201, body: { number: '+8150*', note: 'campaign', addedBy: 'ann', expiresAtMs: Date.UTC(2999, 0) } });
    expect(p1.state.ani.match(['+81501'], clock.nowMs())?.number).toBe('+8150*');
    expect(await call('POST', 'limits/ani', { number: '+8150*' })).toMatchObject({ status: 409, body: { errors: [{ field: 'number' }] } });
    expect(await call('POST', 'limits/ani', { number: 'x y', expires: 'soon' })).toMatchObject({ status: 400, body: { errors: [{ field: 'number' }, { field: 'expires' }] } });
    expect((await call('GET', 'limits/ani?blocks=%2B81507')).body).toMatchObject({ entries: [{ number: '+8150*' }] });
    expect((await call('GET', `limits/ani/${encodeURIComponent('+8150*')}`)).body).toMatchObject({ note: 'campaign' });
    expect(await call('POST', 'limits/ani.csv', 'number,expires,note\n+811,,\n+812,,=cmd\n')).toMatchObject({ status: 200, body: { imported: 2 } });
    expect(await call('POST', 'limits/ani.csv', 'number\n+813\n+811\n')).toMatchObject({ status: 400, body: { errors: [{ field: 'line 3.number' }] } });
    const first = await call('GET', 'limits/ani?limit=2');
    expect(first.body).toMatchObject({ count: 3, entries: [{ number: '+811' }, { number: '+812' }], next: '+812' });
    expect((await call('GET', `limits/ani?after=${encodeURIComponent('+812')}`)).body).toMatchObject({ entries: [{ number: '+8150*' }] });
    expect((await call('GET', 'limits/ani.csv')).body['text']).toContain("'+812,,'=cmd\r\n");
    expect(await call('DELETE', `limits/ani/${encodeURIComponent('+8150*')}`)).toMatchObject({ status: 200 });
    expect(p1.state.ani.match(['+81501'], clock.nowMs())).toBeUndefined();
    expect(await call('DELETE', 'limits/ani/%2B819')).toMatchObject({ status: 404 });
  });

  it('says what each rule counts', async () => {
    await call('PUT', 'limits/rules/calls', { ...RULE, limit: 2 });
    await call('PUT', 'limits/rules/queue', { dnis: '5001', type: 'waiting', queues: ['q1', 'q2'], limit: 5, combine: 'any' });
    await call('PUT', 'limits/rules/ghost', { dnis: '5002', type: 'agents', queues: ['q1'], shadow: true });
    const take = (id: string, ...counters: string[]) => store.acquire(id, { checks: [], takes: counters.map((counter) => ({ counter })) }, 60_000);
    await take('c1', 'dnis:5000');
    await take('c2', 'dnis:5000', 'waiting:q1');
    await take('c3', 'way:q1,q2', 'ghosts:ghost');
    expect((await call('GET', 'limits/usage')).body['usage']).toEqual([
      { id: 'calls', dnis: '5000', type: 'concurrent', limit: 2, used: 2, full: true, active: true, shadow: false },
      { id: 'queue', dnis: '5001', type: 'waiting', limit: 5, used: 2, full: false, active: true, shadow: false },
      { id: 'ghost', dnis: '5002', type: 'agents', limit: 0, used: 0, full: true, active: true, shadow: true, wouldRefuse: 1 },
    ]);
    expect((await call('GET', 'limits/usage?rule=calls')).body['usage']).toHaveLength(1);
  });

  it('tells who changed what, in pages', async () => {
    await call('PUT', 'limits/rules/r1', RULE);
    await call('PATCH', 'limits/rules/r1', { limit: 6 });
    await call('DELETE', 'limits/rules/r1');
    const { body } = await call('GET', 'limits/audit?limit=2');
    expect(body['records']).toMatchObject([
      { who: 'ann', what: 'rule', action: 'remove', id: 'r1', before: { limit: 6 }, after: null }, { action: 'change', before: { limit: 5 }, after: { limit: 6 } },
    ]);
    expect((await call('GET', `limits/audit?after=${body['next'] as string}`)).body['records']).toMatchObject([{ action: 'add', before: null }]);
    expect((await call('GET', 'limits/audit?who=bob')).body['records']).toEqual([]);
  });

  it('gives a backup and takes it back, whole', async () => {
    await call('PUT', 'limits/mode', { mode: 'dnis' });
    await call('PUT', 'limits/rules/r1', RULE);
    await call('POST', 'limits/ani', { number: '+811' });
    const { body: backup } = await call('GET', 'limits/backup');
    await call('DELETE', 'limits/rules/r1');
    await call('PUT', 'limits/rules/r2', { ...RULE, dnis: '1' });
    const wrong = expect.arrayContaining([expect.objectContaining({ field: 'rules.0.dnis' })]);
    expect(await call('POST', 'limits/restore', { ...backup, rules: [{}] })).toMatchObject({ status: 400, body: { errors: wrong } });
    expect(await call('POST', 'limits/restore', backup)).toMatchObject({ status: 200, body: { mode: 'dnis', rules: 1, ani: 1 } });
    expect((await call('GET', 'limits/rules')).body['rules']).toMatchObject([{ id: 'r1', dnis: '5000' }]);
    expect({ ...(await call('GET', 'limits/backup')).body, madeAtMs: 0 }).toEqual({ ...backup, madeAtMs: 0 });
  });

  it('lets nobody in without a key, a viewer read, and who has divisions see those', async () => {
    expect(await call('GET', 'limits/rules', undefined, as('nobody'))).toMatchObject({ status: 401 });
    expect(await call('POST', 'limits/restore', {}, as('nobody'))).toMatchObject({ status: 401 });
    expect(await call('GET', 'limits/rules', undefined, as('wall'))).toMatchObject({ status: 200 });
    expect(await call('PUT', 'limits/mode', { mode: 'dnis' }, as('wall'))).toMatchObject({ status: 403 });
    await call('PUT', 'limits/rules/support', { ...RULE, division: 'support' });
    expect(await call('PUT', 'limits/rules/sales', { ...RULE, dnis: '5001' }, as('bob'))).toMatchObject({ status: 201, body: { division: 'sales', createdBy: 'bob' } });
    expect((await call('GET', 'limits/rules', undefined, as('bob'))).body['rules']).toMatchObject([{ id: 'sales' }]);
    expect(await call('GET', 'limits/rules/support', undefined, as('bob'))).toMatchObject({ status: 404 });
    expect(await call('PATCH', 'limits/rules/sales', { division: 'support' }, as('bob'))).toMatchObject({ status: 403, body: { errors: [{ field: 'division' }] } });
    expect(await call('PUT', 'limits/rules/x', { ...RULE, division: 'support' }, as('bob'))).toMatchObject({ status: 403 });
    expect(await call('PUT', 'limits/rules/x', RULE, as('bob'))).toMatchObject({ status: 409, body: { errors: expect.arrayContaining([expect.objectContaining({ field: 'division' })]) } });
    expect((await call('GET', 'limits/audit', undefined, as('bob'))).body['records']).toMatchObject([{ id: 'sales' }]);
    expect((await call('GET', 'limits/rules.csv', undefined, as('bob'))).body['text']).not.toContain('support');
    for (const [method, path, body] of [['PUT', 'mode', { mode: 'dnis' }], ['GET', 'ani'], ['GET', 'backup'], ['POST', 'restore', {}], ['GET', 'ani.csv']] as const) {
      expect([path, (await call(method, `limits/${path}`, body, as('bob'))).status]).toEqual([path, 403]);
    }
  });

  it('describes itself: every route, with what it takes and answers', async () => {
    const { status, body } = await call('GET', 'openapi.json');
    expect([status, body['openapi']]).toEqual([200, '3.1.0']);
    const paths = body['paths'] as Record<string, Record<string, { operationId: string; responses: object; requestBody?: unknown }>>;
    const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    const served = routesOf(LIMITS_CONTROLLERS);
    expect(served.length).toBeGreaterThan(15);
    expect(described.sort()).toEqual(served.map(({ method, path }) => `${method} ${path}`).sort());
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { responses } of operations) expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '400', '401']));
    const input = { properties: { dnis: { type: 'string' }, type: { enum: expect.arrayContaining(['agents']) } } };
    expect(body).toMatchObject({ components: { schemas: { RuleInput: input } } });
    // Every reference leads somewhere.
    const { schemas } = body['components'] as { schemas: object };
    for (const [, name] of JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(Object.keys(schemas)).toContain(name);
  });
});
