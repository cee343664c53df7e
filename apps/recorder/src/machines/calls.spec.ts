import { T0, Told } from '../fixtures/told.fixture.js';

/** The caller waits 4 s at 5000; then each attempt follows. */
const queued = (name = 'U', told = new Told()): Told => told.created(name).party(name, 1, '8880001', 'dialing').party(name, 2, '5000', 'queued').after(4);
const offered = (told: Told, id: number, dn: string): Told => told.party('U', id, dn, 'ringing', { Cause: 'Route' });
const cdrs = (told: Told): object[] => told.records('cdr').map(({ key, atMs, dns, connID, data: { callUUID, media, ...data } }) => {
  expect([callUUID, media, connID]).toEqual(['U', 'voice', 'conn-U']);
  return { key, at: atMs - T0, dns, ...data };
});
const row = (more: object): object => ({ ani: '8880001', queue: '5000', waitMs: 0, pickupMs: 0, talkMs: 0, rejected: false, flags: [], ...more });

describe('attempts (HR-15)', () => {
  it('handled: waited 4 s, rang 2 s, talked 60 s of which 5 on hold', () => {
    const told = offered(queued(), 3, '7001').after(2).left('U', 2, 'Route').state('U', 3, 'talking').state('U', 1, 'talking')
      .after(30).state('U', 3, 'held').after(5).state('U', 3, 'talking').after(25).left('U', 1).left('U', 3).deleted('U');
    expect(cdrs(told)).toEqual([
      row({ key: 'U-3', at: 4_000, dns: ['7001', '5000'], type: 0, attempt: 1, dn: '7001', waitMs: 4_000, pickupMs: 2_000, talkMs: 60_000, cause: 'Empty', flags: ['routed', 'held'] }),
    ]);
  });

  it('rejected by A, answered by B: one row each', () => {
    const told = offered(queued(), 3, '7001').after(3).left('U', 3, 'Reject', 233).after(1);
    offered(told, 4, '7002').after(1).state('U', 4, 'talking').left('U', 2, 'Route').after(10).left('U', 4).left('U', 1).deleted('U');
    expect(cdrs(told)).toEqual([
      row({ key: 'U-3', at: 4_000, dns: ['7001', '5000'], type: -2, attempt: 1, dn: '7001', waitMs: 4_000, pickupMs: 3_000, rejected: true, cause: 'Reject', flags: ['routed'] }),
      row({ key: 'U-4', at: 8_000, dns: ['7002', '5000'], type: 0, attempt: 2, dn: '7002', waitMs: 8_000, pickupMs: 1_000, talkMs: 10_000, cause: 'Empty', flags: ['routed'] }),
    ]);
  });

  it('dropped in the queue: the caller gave up while nobody rang', () => {
    const told = queued().after(6).left('U', 2).left('U', 1).deleted('U');
    expect(cdrs(told)).toEqual([row({ key: 'U-2', at: 0, dns: ['5000'], type: 1, attempt: 1, dn: '5000', waitMs: 10_000, cause: 'Empty' })]);
  });

  it('internal error: the phone could not be reached, and nothing was left to try', () => {
    const told = queued().party('U', 3, '7001', 'none', { Cause: 'Route' }).left('U', 3, 'Reject', 234).left('U', 2, 'Reject', 234).left('U', 1, 'Reject', 234).deleted('U');
    expect(cdrs(told)).toEqual([
      row({ key: 'U-3', at: 4_000, dns: ['7001', '5000'], type: -1, attempt: 1, dn: '7001', waitMs: 4_000, cause: 'Reject', flags: ['routed'] }),
    ]);
  });

  it('dropped while an agent rang: one row, of the agent', () => {
    const told = offered(queued(), 3, '7001').after(5).left('U', 3).left('U', 2).left('U', 1).deleted('U');
    expect(cdrs(told)).toMatchObject([{ key: 'U-3', type: 1, dn: '7001', waitMs: 4_000, pickupMs: 5_000 }]);
  });

  it('rejected by A, then dropped in the queue: one row each', () => {
    const told = offered(queued(), 3, '7001').left('U', 3, 'Busy', 231).after(6).left('U', 2).left('U', 1).deleted('U');
    expect(cdrs(told)).toMatchObject([{ key: 'U-3', type: -2, dn: '7001' }, { key: 'U-2', type: 1, dn: '5000', waitMs: 10_000, attempt: 2 }]);
  });

  it('rejected by the strategy', () => {
    const told = queued().left('U', 2, 'Reject', 233).left('U', 1, 'Reject', 233).deleted('U');
    expect(cdrs(told)).toMatchObject([{ key: 'U-2', type: -2, dn: '5000', rejected: true }]);
  });

  it('a number that leads nowhere', () => {
    const told = new Told().created('U', '999').party('U', 1, '8880001', 'none').left('U', 1, 'Reject', 71).deleted('U');
    expect(cdrs(told)).toMatchObject([{ key: 'U-0', type: -1, dn: '999', queue: '' }]);
  });

  it('a transfer is a further attempt, without a wait', () => {
    const told = offered(queued(), 3, '7001').left('U', 2, 'Route').state('U', 3, 'talking').after(5)
      .party('U', 4, '7002', 'ringing', { Cause: 'SingleStepTransfer', CtrlParty: '7001' }).after(1).left('U', 3, 'SingleStepTransfer').state('U', 4, 'talking')
      .after(9).left('U', 4).left('U', 1).deleted('U');
    expect(cdrs(told)).toMatchObject([
      { key: 'U-3', type: 0, talkMs: 6_000, flags: ['routed'] }, { key: 'U-4', type: 0, queue: '', waitMs: 0, pickupMs: 1_000, talkMs: 9_000, flags: ['transferred'] },
    ]);
  });
});

describe('calls and parties', () => {
  const whole = (told = new Told(['customer=client', 'segment'])): Told => offered(queued('U', told), 3, '7001').after(2).left('U', 2, 'Route').state('U', 3, 'talking')
    .call('U', 'DataChanged', { UserData: [['customer', '4711'], ['pin', '1234']] }).after(10).left('U', 1).left('U', 3).deleted('U');

  it('one call with its parties; chosen user data in its columns, and no other (HR-07)', () => {
    const told = whole();
    expect(told.records('call')).toEqual([{
      kind: 'call', key: 'U', atMs: T0, version: 2 ** 40 + 9, connID: 'conn-U', dns: ['5000', '7001', '8880001'], agents: [],
      data: {
        callUUID: 'U', callID: 1, callType: 'Inbound', ani: '8880001', dnis: '5000', node: 'SIPS_dc1_1', endedAtMs: T0 + 16_000, complete: true, parties: 3,
        userData: { client: '4711' },
      },
    }]);
    expect(told.records('party').map(({ key, atMs, data: { dn, partyType, trunk, endCause, queuedMs, ringMs, talkMs, endedAtMs } }) =>
      [key, atMs - T0, dn, partyType, trunk, endCause, queuedMs, ringMs, talkMs, endedAtMs - T0])).toEqual([
      ['U-2', 0, '5000', 'RoutingPoint', '', 'Route', 6_000, 0, 0, 6_000],
      ['U-1', 0, '8880001', 'External', 'Trunk_SBC', 'Empty', 0, 0, 0, 16_000],
      ['U-3', 4_000, '7001', 'Internal', '', 'Empty', 0, 2_000, 10_000, 16_000],
    ]);
  });

  it('keeps every line until the call is over', () => {
    const told = queued();
    expect(told.held).toEqual([1, 2, 3]);
    expect(whole().held).toEqual([]);
  });

  it('makes nothing of the rest of a call whose beginning it did not hear', () => {
    const told = new Told().state('U', 3, 'talking').left('U', 3).deleted('U');
    expect([told.records('call'), told.records('party'), told.held]).toEqual([[], [], []]);
  });

  it('takes what is told twice once', () => {
    const told = queued();
    told.hear('SIPS_dc1_1/IPport', { msg: 'EventCallPartyState', CallUUID: 'U', PartyUUID: 'U-2', PartyState: 0xc, TimeStamp: { sec: 0, usec: 0 } }, 2);
    expect(told.held).toEqual([1, 2, 3]);
  });

  it('a call that is told again from its beginning is the same record', () => {
    const told = offered(queued(), 3, '7001');
    const once = whole().records('call')[0];
    told.session = 's2';
    told.nowMs = T0;
    whole(told);
    expect(told.records('call')).toMatchObject([{ ...once, data: { ...once!.data, userData: {} } }]);
    expect(told.records('party')).toHaveLength(3);
    expect(told.held).toEqual([]);
  });

  it('goes on with a call that the other half of a pair tells as it is, without those who left', () => {
    const told = offered(queued(), 3, '7001').after(2).left('U', 2, 'Route').state('U', 3, 'talking').after(5);
    const { nowMs } = told;
    told.session = 's2';
    told.nowMs = T0;
    told.created('U').party('U', 1, '8880001', 'dialing');
    told.nowMs = T0 + 4_000;
    told.party('U', 3, '7001', 'ringing', { Cause: 'Route' });
    told.nowMs = T0 + 6_000;
    told.state('U', 3, 'talking');
    told.nowMs = nowMs + 3_000;
    told.left('U', 3).left('U', 1).deleted('U');
    expect(cdrs(told)).toMatchObject([{ key: 'U-3', type: 0, queue: '5000', waitMs: 4_000, pickupMs: 2_000, talkMs: 8_000, attempt: 1 }]);
    expect(told.records('call')).toMatchObject([{ dns: ['5000', '7001', '8880001'], data: { parties: 3, complete: true, endedAtMs: T0 + 14_000 } }]);
    expect(told.held).toEqual([]);
  });

  it('gives up a call that its server does not tell again, below every complete version', () => {
    const told = offered(queued(), 3, '7001').after(1).state('U', 3, 'talking');
    told.session = 's2';
    told.created('V').tick().after(29).tick();
    expect(told.records('call')).toEqual([]);
    told.after(2).tick();
    expect(told.records('call')).toMatchObject([{ key: 'U', data: { complete: false, endedAtMs: T0 + 5_000 } }]);
    expect(told.records('call')[0]!.version).toBeLessThan(2 ** 40);
    expect(told.records('party')).toHaveLength(3);
    expect(told.history.state.calls).toBe(1);
  });
});

describe('resources (HR-12)', () => {
  it('a DN that is seen for the first time becomes a row, of which the earliest stands', () => {
    const told = queued().party('U', 3, '7001', 'ringing').after(1).party('U', 4, '7001', 'ringing');
    expect(told.records('resource').map(({ key, atMs, data }) => [key, atMs, data.type, data.firstSeenAtMs - T0])).toEqual([
      ['Switch/5000', 0, 'RoutingPoint', 0], ['Switch/7001', 0, 'Extension', 4_000],
    ]);
    const earlier = new Told().party('U', 3, '7001', 'ringing').records('resource')[0]!;
    expect(earlier.version).toBeGreaterThan(told.records('resource')[1]!.version);
  });
});
