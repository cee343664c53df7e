import { MemoryKeyValueStore } from '#cluster';
import { VirtualClock } from '#simulation';
import { BACKUP_KIND, readBackup, writeBackup } from './backup.js';
import { LateKeyValues } from './late.fixture.js';
import { ANN, inputOf, LimitsWorld } from './limits.fixture.js';
import { Refused } from './refused.js';
import type { RuleChange } from './rule-changes.js';

const rule = (id: string, given: object = {}): RuleChange => ({ id, input: () => inputOf(given) });
const sharedStore = () => new MemoryKeyValueStore(new VirtualClock());

describe('changes of call limits', () => {
  let world: LimitsWorld;
  afterEach(() => world.close());

  it('are in force at every proxy of every data centre when they are answered', async () => {
    world = new LimitsWorld();
    const [near, far] = [world.proxy('P1', 'dc1'), world.proxy('P2', 'dc2')];
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    const { result, notInForce } = await world.done(changes.putRule(ANN, rule('r1', { limit: 5 })));
    expect(notInForce).toEqual([]);
    expect([near.table.rule('r1')?.limit, far.table.rule('r1')?.limit]).toEqual([5, 5]);
    expect(result.rule).toMatchObject({ id: 'r1', createdBy: 'ann', changedBy: 'ann' });
    await world.done(changes.setMode(ANN, 'dnis'));
    expect([near.table.mode, far.table.mode]).toEqual(['dnis', 'dnis']);
    await world.done(changes.removeRule(ANN, 'r1'));
    expect([near.table.size, far.table.size]).toEqual([0, 0]);
  });

  it('name the proxies that do not answer', async () => {
    world = new LimitsWorld();
    world.proxy('P1', 'dc1');
    world.proxies.push('Dead');
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    expect((await world.done(changes.setMode(ANN, 'all-busy'))).notInForce).toEqual(['Dead']);
  });

  it('come with the bus where the bucket is late, and stand when it tells old values afterwards', async () => {
    const store = sharedStore();
    const late = new LateKeyValues(store);
    world = new LimitsWorld(store);
    const proxy = world.proxy('P2', 'dc2', late);
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    late.isLate = true;
    await world.done(changes.putRule(ANN, rule('r1', { limit: 1 })));
    const { notInForce } = await world.done(changes.putRule(ANN, rule('r1', { limit: 2 })));
    expect([notInForce, proxy.table.rule('r1')?.limit]).toEqual([[], 2]);
    late.release();
    expect(proxy.table.rule('r1')?.limit).toBe(2);
    await world.quiet();
    expect(proxy.table.rule('r1')?.limit).toBe(2);
  });

  it('of two data centres: the later stands everywhere, a removal too', async () => {
    world = new LimitsWorld();
    const [one, two] = [world.console('dc1', 1), world.console('dc2', 2)];
    await world.quiet();
    await world.done(one.changes.putRule(ANN, rule('r1', { limit: 1 })));
    await world.quiet();
    await world.done(two.changes.putRule(ANN, rule('r1', { limit: 2 })));
    await world.quiet();
    expect([one.repository.table.rule('r1')?.limit, two.repository.table.rule('r1')?.limit]).toEqual([2, 2]);
    await world.done(one.changes.removeRule(ANN, 'r1'));
    await world.quiet();
    expect([one.repository.table.size, two.repository.table.size]).toEqual([0, 0]);
  });

  it('are refused with the version that was changed meanwhile, and leave everything as it was', async () => {
    world = new LimitsWorld();
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    const { result: { version } } = await world.done(changes.putRule(ANN, rule('r1', { limit: 1 })));
    await world.done(changes.putRule(ANN, { ...rule('r1', { limit: 2 }), ifMatch: version }));
    const stale = world.done(changes.putRule(ANN, { ...rule('r1', { limit: 3 }), ifMatch: version }));
    await expect(stale).rejects.toMatchObject({ kind: 'stale', message: expect.stringContaining('was changed by ann meanwhile') });
    expect(changes.rule('r1', ANN).rule.limit).toBe(2);
    await expect(world.done(changes.removeRule(ANN, 'r1', version))).rejects.toMatchObject({ kind: 'stale' });
  });

  it('by two consoles at once: of rules that overlap one is refused', async () => {
    world = new LimitsWorld();
    const [one, two] = [world.console('dc1', 1), world.console('dc1', 2)];
    await world.quiet();
    const attempts = await world.done(Promise.allSettled([
      one.changes.putRule(ANN, rule('a')), two.changes.putRule(ANN, rule('b')), one.changes.putRule(ANN, rule('c')),
    ]));
    expect(attempts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    const lost = attempts.find((each) => each.status === 'rejected');
    expect(lost?.reason).toMatchObject({ kind: 'conflict', errors: [{ field: 'schedule', message: expect.stringContaining('which always holds') }] });
  });

  it('of several rules are all made or none; two may change places', async () => {
    world = new LimitsWorld();
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    const put = (...rules: RuleChange[]) => world.done(changes.putRules(ANN, rules.map((change, i) => ({ name: `line ${i + 2}`, change }))));
    await put(rule('a', { dnis: '1' }), rule('b', { dnis: '2' }));
    await put(rule('a', { dnis: '2' }), rule('b', { dnis: '1' }));
    expect(changes.rules(ANN).map(({ rule: { id, dnis } }) => [dnis, id])).toEqual([['1', 'b'], ['2', 'a']]);
    await expect(put(rule('c', { dnis: '3' }), rule('d', { dnis: '1' }))).rejects.toMatchObject({ errors: [{ field: 'line 3.schedule' }] });
    expect(changes.rules(ANN)).toHaveLength(2);
  });

  it('of another division are refused, and its rules are not seen', async () => {
    world = new LimitsWorld();
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    const bob = { name: 'bob', divisions: ['sales'] };
    await world.done(changes.putRule(ANN, rule('r1', { division: 'support' })));
    await world.done(changes.putRule(bob, rule('r2', { dnis: '5001', division: 'sales' })));
    expect(changes.rules(bob).map(({ rule: { id } }) => id)).toEqual(['r2']);
    expect(() => changes.rule('r1', bob)).toThrow('there is no rule r1');
    await expect(world.done(changes.putRule(bob, rule('r3', { dnis: '5002' })))).rejects.toMatchObject({ kind: 'forbidden', errors: [{ field: 'division' }] });
    await expect(world.done(changes.putRule(bob, rule('r1', { division: 'sales' })))).rejects.toMatchObject({ kind: 'forbidden' });
    await expect(world.done(changes.removeRule(bob, 'r1'))).rejects.toMatchObject({ kind: 'not-found' });
    await expect(world.done(changes.putRule(bob, rule('r4', { dnis: '5000', division: 'sales' }))))
      .rejects.toMatchObject({ kind: 'conflict', errors: expect.arrayContaining([{ field: 'division', message: expect.stringContaining('belongs to division "support"') }]) });
  });

  it('are told by the audit: who, when, before, after; and not told when they failed', async () => {
    const late = new LateKeyValues(sharedStore());
    world = new LimitsWorld(late);
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    await world.done(changes.putRule(ANN, rule('r1', { limit: 1, division: 'sales' })));
    await world.done(changes.putRule({ name: 'bob' }, rule('r1', { limit: 2, division: 'sales' })));
    await world.done(changes.setMode(ANN, 'dnis'));
    late.refuses = (key) => key.startsWith('now.rule');
    await expect(world.done(changes.putRule(ANN, rule('r1', { limit: 3 })))).rejects.toMatchObject({ code: 'KV_UNAVAILABLE' });
    const { records } = await world.done(changes.audit({ limit: 10 }));
    expect(records.map(({ who, what, action, before, after }) => [who, what, action, limitOf(before), limitOf(after)])).toEqual([
      ['ann', 'mode', 'change', 'unlimited', 'dnis'], ['bob', 'rule', 'change', 1, 2], ['ann', 'rule', 'add', null, 1],
    ]);
    const first = await world.done(changes.audit({ limit: 1, divisions: ['sales'] }));
    expect(first).toMatchObject({ records: [{ who: 'bob' }], next: records[1]!.epoch });
    expect((await world.done(changes.audit({ limit: 1, after: first.next! }))).records).toMatchObject([{ who: 'ann', action: 'add' }]);
  });

  it('wait for a store that is away, and are read when it is back', async () => {
    const late = new LateKeyValues(sharedStore());
    late.isAway = true;
    world = new LimitsWorld(late);
    const { changes, repository } = world.console('dc1', 1);
    await world.quiet();
    await expect(world.done(changes.setMode(ANN, 'dnis'))).rejects.toMatchObject({ code: 'KV_UNAVAILABLE' });
    expect(repository.unread).toEqual(['dc1', 'dc2']);
    late.isAway = false;
    await world.clock.advance(2_000);
    await world.quiet();
    expect(repository.unread).toEqual([]);
    await world.done(changes.setMode(ANN, 'dnis'));
    expect(repository.table.mode).toBe('dnis');
  });
});

const limitOf = (value: unknown): unknown => (value as { limit?: number } | null)?.limit ?? value;

describe('the block list', () => {
  let world: LimitsWorld;
  afterEach(() => world.close());

  it('joins the entries of data centres that were apart, and removals', async () => {
    world = new LimitsWorld();
    const [one, two] = [world.console('dc1', 1), world.console('dc2', 2)];
    const proxy = world.proxy('P1', 'dc1');
    await world.quiet();
    await world.done(one.changes.addAni(ANN, { number: '+81501', note: '' }));
    await world.done(two.changes.addAni(ANN, { number: '+8150*', note: 'campaign' }));
    await world.quiet();
    expect([...proxy.state.ani.entries()].map(({ number }) => number).sort()).toEqual(['+8150*', '+81501']);
    await world.done(two.changes.removeAni(ANN, '+81501'));
    expect([...proxy.state.ani.entries()].map(({ number, note, addedBy }) => [number, note, addedBy])).toEqual([['+8150*', 'campaign', 'ann']]);
    await expect(world.done(one.changes.addAni(ANN, { number: '+8150*', note: '' }))).rejects.toMatchObject({ kind: 'conflict', errors: [{ field: 'number' }] });
    await expect(world.done(one.changes.removeAni(ANN, '+81501'))).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('takes all of a file or nothing of it', async () => {
    world = new LimitsWorld();
    const { changes, repository } = world.console('dc1', 1);
    await world.quiet();
    const bad = world.done(changes.importAni(ANN, 'number,expires,note\n+811,,\nx y,,\n+813,soon,\n'));
    await expect(bad).rejects.toMatchObject({ kind: 'invalid', errors: [{ field: 'line 3.number' }, { field: 'line 4.expires' }] });
    expect(repository.state.ani.size).toBe(0);
    const numbers = Array.from({ length: 5_000 }, (_, i) => `+8150${String(i).padStart(6, '0')},,bulk`);
    expect(await world.done(changes.importAni(ANN, `number,expires,note\n${numbers.join('\n')}\n`))).toEqual({ result: 5_000, notInForce: [] });
    expect(repository.state.ani.size).toBe(5_000);
    expect(repository.state.ani.match(['+8150004999'], 0)).toMatchObject({ note: 'bulk', addedBy: 'ann' });
  });

  it('does not keep what could not be written', async () => {
    const late = new LateKeyValues(sharedStore());
    world = new LimitsWorld(late);
    const { changes, repository } = world.console('dc1', 1);
    await world.quiet();
    late.refuses = (key) => key.startsWith('now.ani');
    await expect(world.done(changes.importAni(ANN, 'number\n+811\n'))).rejects.toMatchObject({ code: 'KV_UNAVAILABLE' });
    await world.quiet();
    expect(repository.state.ani.size).toBe(0);
  });
});

describe('backup and restore', () => {
  let world: LimitsWorld;
  afterEach(() => world.close());

  it('give back what there was, at once, in all data centres', async () => {
    world = new LimitsWorld();
    const [one, two] = [world.console('dc1', 1), world.console('dc2', 2)];
    const proxy = world.proxy('P2', 'dc2');
    await world.quiet();
    await world.done(one.changes.setMode(ANN, 'dnis'));
    await world.done(one.changes.putRule(ANN, rule('r1', { limit: 7 })));
    await world.done(one.changes.addAni(ANN, { number: '+811', note: 'n', expiresAtMs: 4e12 }));
    const document: unknown = JSON.parse([...writeBackup(one.repository, 1)].join(''));
    await world.done(two.changes.putRule(ANN, rule('r2', { dnis: '5001' })));
    await world.done(two.changes.setMode(ANN, 'unlimited'));
    await world.done(two.changes.addAni(ANN, { number: '+812', note: '' }));
    const seen = new Set<string>();
    proxy.watch((table) => seen.add(`${table.mode} ${table.rule('r1') !== undefined} ${table.rule('r2') !== undefined}`));
    const { notInForce } = await world.done(two.changes.restore(ANN, readBackup(document, 0)));
    expect(notInForce).toEqual([]);
    expect([...seen]).toEqual(['unlimited true true', 'dnis true false']);
    expect(JSON.parse([...writeBackup(proxy, 1)].join(''))).toEqual(document);
    await world.quiet();
    // Changes go on over it.
    await world.done(one.changes.removeRule(ANN, 'r1'));
    await world.done(one.changes.removeAni(ANN, '+811'));
    expect([proxy.table.size, proxy.state.ani.size]).toEqual([0, 0]);
  });

  it('a proxy that starts afterwards has the same', async () => {
    world = new LimitsWorld();
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    await world.done(changes.putRule(ANN, rule('old')));
    const backup = readBackup({ kind: BACKUP_KIND, version: 1, mode: 'dnis', rules: [], ani: [{ number: '+811', note: '', addedBy: 'x', addedAtMs: 1 }] }, 0);
    await world.done(changes.restore(ANN, backup));
    await world.done(changes.putRule(ANN, rule('new', { dnis: '1' })));
    const proxy = world.proxy('P3', 'dc2');
    await world.quiet();
    expect([proxy.table.mode, proxy.table.rule('old'), proxy.table.rule('new')?.dnis, proxy.state.ani.size]).toEqual(['dnis', undefined, '1', 1]);
  });

  it('a restore that stops half-way changes nothing', async () => {
    const late = new LateKeyValues(sharedStore());
    world = new LimitsWorld(late);
    const { changes, repository } = world.console('dc1', 1);
    await world.quiet();
    await world.done(changes.putRule(ANN, rule('r1')));
    late.refuses = (key) => key.startsWith('now.generation');
    const backup = readBackup({ kind: BACKUP_KIND, version: 1, mode: 'dnis', rules: [], ani: [] }, 0);
    await expect(world.done(changes.restore(ANN, backup))).rejects.toMatchObject({ code: 'KV_UNAVAILABLE' });
    expect([repository.table.mode, repository.table.size]).toEqual(['unlimited', 1]);
  });

  it('a document that is wrong is refused with all that is wrong', () => {
    world = new LimitsWorld();
    const read = (document: unknown) => () => readBackup(document, 0);
    const good = { kind: BACKUP_KIND, version: 1, mode: 'dnis', rules: [], ani: [] };
    expect(read(good)()).toEqual({ mode: 'dnis', rules: [], ani: [] });
    expect(read(null)).toThrow(Refused);
    expect(read({ ...good, version: 2 })).toThrow('version must be 1');
    expect(read({ ...good, rules: {}, ani: 1 })).toThrow('rules must be a list of rules; ani must be a list of entries');
    expect(read({ ...good, mode: 'x', rules: [{ id: 'r1' }], ani: [{ number: '1' }, { number: '1', note: '', addedBy: 'a', addedAtMs: 1 }] }))
      .toThrow(/mode must be.*rules\.0\.dnis.*ani\.0\.note/);
    const entry = { number: '+811', note: '', addedBy: 'a', addedAtMs: 1 };
    expect(read({ ...good, ani: [entry, entry] })).toThrow('ani.1.number is in the list already');
  });
});
