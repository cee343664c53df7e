import { MemoryHistoryStore } from '#store';
import { T0, Told } from '../fixtures/told.fixture.js';
import { HistoryQueries, type Rows } from './history-queries.js';

const DAY_MS = 86_400_000;
const asked = { fromMs: T0 - 1_000, toMs: T0 + DAY_MS, limit: 100 };

/** A routed call that 7001's phone answers. */
const callTo = (told: Told, name: string, dn = '7001'): Told => told.created(name).party(name, 1, '8880001', 'dialing').party(name, 2, '5000', 'queued').after(1)
  .party(name, 3, dn, 'ringing', { Cause: 'Route' }).after(1).left(name, 2, 'Route').state(name, 3, 'talking').after(5).left(name, 3).left(name, 1).deleted(name);

async function queriesOver(told: Told): Promise<HistoryQueries> {
  const store = new MemoryHistoryStore();
  await store.append(told.effects.flatMap((effect) => (effect.kind === 'write' ? [effect.record] : [])));
  return new HistoryQueries(store);
}

const names = ({ rows }: Rows): unknown[] => rows.map((row) => [row['callUUID'], row['dn'], row['agent']]);

describe('history, asked', () => {
  it('joins a call on node 1 with the agent of node 3 in one row (HR-01)', async () => {
    const told = new Told().agent(3, 'Login', '7001').agent(3, 'Ready', '7001').after(10);
    const { rows } = await (await queriesOver(callTo(told, 'U'))).calls(asked);
    expect(rows).toMatchObject([{
      callUUID: 'U', node: 'SIPS_dc1_1', result: 'handled', dn: '7001', agent: 'agent7001', waitMs: 1_000, pickupMs: 1_000, talkMs: 5_000, durationMs: 7_000, attempts: 1,
      parties: [{ dn: '8880001', agent: '' }, { dn: '5000', agent: '' }, { dn: '7001', agent: 'agent7001', talkMs: 5_000 }],
    }]);
  });

  it('gives each call the agent who sat there then, also when two changed places within seconds (HR-02)', async () => {
    const told = new Told().agent(1, 'Login', '7001');
    callTo(told, 'A').after(1).agent(1, 'Logout', '7001').after(1).agent(1, 'Login', '7001', { AgentID: 'agent8', AgentSessionID: 'S8' });
    callTo(told, 'B').after(1).agent(1, 'Logout', '7001', { AgentSessionID: 'S8' });
    callTo(told, 'C');
    const queries = await queriesOver(told);
    expect(names(await queries.calls(asked))).toEqual([['C', '7001', ''], ['B', '7001', 'agent8'], ['A', '7001', 'agent7001']]);
    expect(names(await queries.calls({ ...asked, agent: 'agent8' }))).toEqual([['B', '7001', 'agent8']]);
    expect(names(await queries.cdrs({ ...asked, agent: 'agent7001' }))).toEqual([['A', '7001', 'agent7001']]);
    expect(names(await queries.calls({ ...asked, agent: 'agent8', dn: '7002' }))).toEqual([]);
  });

  it('pages the calls of one agent, also over several sessions', async () => {
    const told = new Told();
    for (let day = 0; day < 3; day += 1) {
      told.agent(1, 'Login', '7001', { AgentSessionID: `S${day}` });
      for (let n = 0; n < 3; n += 1) callTo(told, `${day}${n}`).after(1);
      told.agent(1, 'Logout', '7001', { AgentSessionID: `S${day}` }).after(60);
    }
    const queries = await queriesOver(told);
    const seen: unknown[] = [];
    let after: string | undefined;
    do {
      const page = await queries.calls({ ...asked, agent: 'agent7001', limit: 2, ...(after === undefined ? {} : { after }) });
      seen.push(...page.rows.map((row) => row['callUUID']));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(['22', '21', '20', '12', '11', '10', '02', '01', '00']);
  });

  it('lists sessions, states, queue results and resources', async () => {
    const told = new Told().agent(1, 'Login', '7001').agent(1, 'Ready', '7001', { Reasons: [['code', 'x']] }).queue('Queued', 'c');
    const queries = await queriesOver(told);
    expect((await queries.agents(asked)).rows).toMatchObject([{ agent: 'agent7001', dn: '7001', startedAtMs: T0 }]);
    expect((await queries.states({ ...asked, agent: 'agent7001' })).rows).toMatchObject([{ state: 'Ready', reasons: { code: 'x' } }]);
    expect((await queries.queues({ ...asked, dn: 'VQ_Support' })).rows).toMatchObject([{ queue: 'VQ_Support', result: 'waiting' }]);
    expect((await queries.resources(asked)).rows.map((row) => row['dn'])).toEqual(['VQ_Support', '7001']);
  });
});
