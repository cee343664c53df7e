import { tTime } from '#tlib';
import { T0, Told } from '../fixtures/told.fixture.js';
import { keptOf } from './heard.js';

const states = (told: Told): unknown[] => told.records('agentState').map(({ data: { agentID, state, reasons, endedAtMs, endCause }, atMs }) =>
  [agentID, state, atMs - T0, endedAtMs === undefined ? undefined : endedAtMs - T0, endCause, reasons]);
const sessions = (told: Told): unknown[] => told.records('agentSession').map(({ key, atMs, data: { dn, endedAtMs, endCause } }) =>
  [key, dn, atMs - T0, endedAtMs === undefined ? undefined : endedAtMs - T0, endCause]);
const login = (told = new Told(), dn = '7001', more: object = {}): Told => told.agent(1, 'Login', dn, more).agent(1, 'NotReady', dn, more);

/** A snapshot of what a node owns. */
function owned(told: Told, more: 0 | 1, agents: readonly object[], node = 1): Told {
  const list = agents.map((agent) => [(agent as { dn: string }).dn, Object.entries({
    AgentID: 'agent7001', AgentSessionID: 'S-7001', AgentWorkMode: 'Unknown', OwnerEpoch: 1, AgentStatus: 3, 'agent-login-ms': String(T0), 'agent-since-ms': String(T0), ...agent,
  })]);
  const event = { msg: 'EventRegisteredAll', Time: tTime(told.nowMs), Extensions: [['more', more], ['owned', list]] };
  return told.hear(`SIPS_dc1_${node}/TCport`, keptOf(event as never)!);
}

describe('agent sessions and states', () => {
  it('one record of each interval, with its reasons and what ended it (HR-16)', () => {
    const told = login().after(5).agent(1, 'Ready', '7001').after(60).agent(1, 'NotReady', '7001', { AgentWorkMode: 'AfterCallWork' })
      .after(10).agent(1, 'NotReady', '7001', { AgentWorkMode: 'AuxWork', Reasons: [['code', 'lunch'], ['n', 7]] }).after(600).agent(1, 'Logout', '7001');
    expect(states(told)).toEqual([
      ['agent7001', 'NotReady', 0, 5_000, 'EventAgentReady', {}],
      ['agent7001', 'Ready', 5_000, 65_000, 'EventAgentNotReady', {}],
      ['agent7001', 'AfterCallWork', 65_000, 75_000, 'EventAgentNotReady', {}],
      ['agent7001', 'NotReady', 75_000, 675_000, 'EventAgentLogout', { code: 'lunch', n: '7' }],
    ]);
    expect(sessions(told)).toEqual([['S-7001', '7001', 0, 675_000, 'EventAgentLogout']]);
    expect(told.held).toEqual([]);
  });

  it('holds the lines on which open records rest, and no others', () => {
    const told = login().after(1).agent(1, 'Ready', '7001').after(1).agent(1, 'NotReady', '7001');
    expect(told.held).toEqual([1, 4]);
    expect(states(told).at(-1)).toEqual(['agent7001', 'NotReady', 2_000, undefined, undefined, {}]);
  });

  it('a state that is said again is no new one', () => {
    const told = login().after(5).agent(1, 'Login', '7001').agent(1, 'NotReady', '7001', { Reasons: [['site', 'dc2']] });
    expect([states(told).length, sessions(told).length, told.held]).toEqual([1, 1, [1, 2]]);
  });

  it('the next login on the DN ends what was open there, and so does a login of the agent elsewhere', () => {
    const told = login().after(5);
    login(told, '7001', { AgentID: 'agent7002', AgentSessionID: 'S2' }).after(5);
    login(told, '7009', { AgentID: 'agent7002', AgentSessionID: 'S3' });
    expect(sessions(told)).toEqual([
      ['S-7001', '7001', 0, 5_000, 'EventAgentLogin'], ['S2', '7001', 5_000, 10_000, 'EventAgentLogin'], ['S3', '7009', 10_000, undefined, undefined],
    ]);
  });

  it('a lower epoch changes nothing', () => {
    const told = login(new Told(), '7001', { OwnerEpoch: 5 }).agent(2, 'Logout', '7001', { OwnerEpoch: 4 });
    expect([sessions(told).length, sessions(told)[0], told.held]).toEqual([1, ['S-7001', '7001', 0, undefined, undefined], [1, 2]]);
  });

  it('takes up who is logged in already, since when he is, and releases the snapshot with the last of them', () => {
    const told = owned(new Told().after(100), 0, [
      { dn: '7001', AgentStatus: 2, 'agent-since-ms': String(T0 + 9_000) }, { dn: '7002', AgentID: 'agent7002', AgentSessionID: 'S2' }, { dn: '7003', AgentID: undefined },
    ]);
    expect(sessions(told)).toEqual([['S-7001', '7001', 0, undefined, undefined], ['S2', '7002', 0, undefined, undefined]]);
    expect(states(told)[0]).toEqual(['agent7001', 'Ready', 9_000, undefined, undefined, {}]);
    told.agent(1, 'Logout', '7001');
    expect(told.held).toEqual([1]);
    told.agent(1, 'Logout', '7002', { AgentSessionID: 'S2' });
    expect(told.held).toEqual([]);
  });

  it('a snapshot that finds the same session and state makes no second record', () => {
    const told = owned(login().after(5), 0, [{ dn: '7001' }]);
    expect([sessions(told).length, states(told).length, told.held]).toEqual([1, 1, [1, 2]]);
  });

  it('who is not in the snapshot was logged out meanwhile; others\' nodes are not concerned', () => {
    const told = login();
    told.agent(2, 'Login', '7005', { AgentID: 'agent7005', AgentSessionID: 'S5' }).after(30);
    owned(told, 1, []);
    expect(sessions(told)[0]).toEqual(['S-7001', '7001', 0, undefined, undefined]);
    owned(told, 0, []);
    expect(sessions(told)).toEqual([['S-7001', '7001', 0, 30_000, 'gone'], ['S5', '7005', 0, undefined, undefined]]);
  });

  it('a hand-over goes on with the same records; without an heir the session is over', () => {
    const told = login().after(5);
    const unregistered = (owner: string): Told => told.hear('SIPS_dc1_1/TCport', { msg: 'EventUnregistered', ThisDN: '7001', Time: tTime(told.nowMs), Extensions: [['owner', owner]] });
    unregistered('SIPS_dc1_2');
    const taken = { msg: 'EventRegistered', AddressType: 'DN', ThisDN: '7001', AgentID: 'agent7001', AgentSessionID: 'S-7001', AgentWorkMode: 'Unknown', OwnerEpoch: 2,
      Time: tTime(told.nowMs), Extensions: [['AgentStatus', 3], ['agent-login-ms', String(T0)], ['agent-since-ms', String(T0)]] };
    told.hear('SIPS_dc1_2/TCport', keptOf(taken as never)!).after(5).agent(2, 'Logout', '7001', { OwnerEpoch: 2 });
    expect(sessions(told)).toEqual([['S-7001', '7001', 0, 10_000, 'EventAgentLogout']]);
    expect(states(told)).toHaveLength(1);
    login(told, '7001', { OwnerEpoch: 3, AgentSessionID: 'S9' }).after(5);
    unregistered('');
    expect(sessions(told).at(-1)).toEqual(['S9', '7001', 10_000, 15_000, 'EventDNOutOfService']);
    expect(told.held).toEqual([]);
  });
});
