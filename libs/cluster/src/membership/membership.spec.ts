import { type MemberHeartbeat, Membership, type MembershipChange } from './membership.js';

const beat = (instance: string, more: Partial<MemberHeartbeat> = {}): MemberHeartbeat => ({
  instance, node: instance, tier: 'session-controller', dataCentre: 'dc1', role: 'primary', bootEpoch: 1, draining: false,
  load: 0, ...more,
});

describe('Membership', () => {
  let machine: Membership;
  let out: MembershipChange<MemberHeartbeat>[];
  const heard = (heartbeat: MemberHeartbeat, nowMs: number): string[] => {
    out.length = 0;
    machine.on({ kind: 'heartbeat', heartbeat, nowMs }, out);
    return out.map(({ kind }) => kind);
  };
  const timer = (nowMs: number): string[] => {
    out.length = 0;
    machine.on({ kind: 'timer', nowMs }, out);
    return out.map(({ kind }) => kind);
  };

  beforeEach(() => {
    machine = new Membership();
    out = [];
  });

  it('takes in whoever is heard for the first time, once', () => {
    expect(heard(beat('a'), 0)).toEqual(['up']);
    expect(heard(beat('a', { load: 5 }), 1_000)).toEqual([]);
    expect(machine.member('a')?.load).toBe(5);
  });

  it('calls a member down when it was unheard for 3.5 s, not earlier', () => {
    heard(beat('a'), 0);
    heard(beat('b'), 1_000);
    expect(machine.deadlineMs()).toBe(3_500);
    expect(timer(3_499)).toEqual([]);
    expect(timer(3_500)).toEqual(['down']);
    expect(machine.members().map(({ instance }) => instance)).toEqual(['b']);
    expect(machine.deadlineMs()).toBe(4_500);
  });

  it('takes a member in again that was only silent', () => {
    heard(beat('a'), 0);
    timer(4_000);
    expect(heard(beat('a'), 5_000)).toEqual(['up']);
  });

  it('tells a restart from a beat, and passes over beats of the process before', () => {
    heard(beat('a', { bootEpoch: 5 }), 0);
    expect(heard(beat('a', { bootEpoch: 6 }), 100)).toEqual(['restarted']);
    expect(heard(beat('a', { bootEpoch: 5, load: 9 }), 200)).toEqual([]);
    expect(machine.member('a')).toMatchObject({ bootEpoch: 6, load: 0 });
  });

  it('orders the halves of a pair by their terms, whatever their clocks say', () => {
    heard(beat('a', { bootEpoch: 5_000, term: 10, continues: false }), 0);
    expect(heard(beat('a', { bootEpoch: 4_000, term: 11, continues: true }), 100)).toEqual(['continued']);
    expect(heard(beat('a', { bootEpoch: 5_000, term: 10 }), 200)).toEqual([]);
    expect(heard(beat('a', { bootEpoch: 5_000, term: 10, leaving: true }), 250)).toEqual([]);
    expect(heard(beat('a', { bootEpoch: 9_000, term: 12, continues: false }), 300)).toEqual(['restarted']);
  });

  it('reports draining, and taking it back, and a change of role', () => {
    heard(beat('a'), 0);
    expect(heard(beat('a', { draining: true }), 1)).toEqual(['draining']);
    expect(heard(beat('a', { draining: true }), 2)).toEqual([]);
    expect(heard(beat('a'), 3)).toEqual(['changed']);
    expect(heard(beat('a', { role: 'backup' }), 4)).toEqual(['changed']);
  });

  it('gives everybody a new term after an own pause', () => {
    heard(beat('a'), 0);
    machine.on({ kind: 'paused', forMs: 20_000, nowMs: 20_000 }, out);
    expect(out.at(-1)).toEqual({ kind: 'paused', forMs: 20_000 });
    expect(timer(20_000)).toEqual([]);
    expect(timer(23_500)).toEqual(['down']);
  });

  describe('of a pair', () => {
    const standby = beat('b', { node: 'a', tier: 'standby', role: 'backup' });

    it('waits for the other half that stands by, and calls the node down when it does not go on', () => {
      heard(beat('a'), 0);
      heard(standby, 3_000);
      expect(timer(3_500)).toEqual(['silent']);
      expect(machine.members('session-controller')).toHaveLength(1);
      expect(machine.deadlineMs()).toBe(6_500);
      expect(timer(6_500)).toEqual(['down']);
      expect(timer(13_499)).toEqual([]);
      expect(timer(13_500)).toEqual(['down']);
      expect(machine.member('a')).toBeUndefined();
    });

    it('tells who goes on from who begins anew', () => {
      heard(beat('a'), 0);
      heard(standby, 0);
      expect(heard(beat('a', { bootEpoch: 2, continues: true }), 2_000)).toEqual(['continued']);
      expect(heard(beat('a', { bootEpoch: 2, continues: true }), 3_000)).toEqual([]);
      expect(heard(beat('a', { bootEpoch: 3 }), 4_000)).toEqual(['restarted']);
    });

    it('takes in again whoever was silent, in the same life or the other half', () => {
      heard(beat('a'), 0);
      heard(standby, 3_000);
      timer(3_500);
      expect(heard(beat('a'), 4_000)).toEqual(['up']);
      heard(standby, 7_000);
      timer(7_500);
      expect(heard(beat('a', { bootEpoch: 2, continues: true }), 8_000)).toEqual(['continued']);
    });

    it('expects a primary again that says that it leaves', () => {
      heard(beat('a'), 0);
      heard(standby, 0);
      expect(heard(beat('a', { leaving: true }), 100)).toEqual(['silent']);
      expect(timer(10_099)).toEqual(['down']);
      expect(timer(10_100)).toEqual(['down']);
    });
  });

  it('lists by tier and data centre', () => {
    heard(beat('a'), 0);
    heard(beat('b', { dataCentre: 'dc2' }), 0);
    heard(beat('c', { tier: 't-controller' }), 0);
    expect(machine.members('session-controller').map(({ instance }) => instance)).toEqual(['a', 'b']);
    expect(machine.members('session-controller', 'dc2').map(({ instance }) => instance)).toEqual(['b']);
    expect(machine.members(undefined, 'dc1').map(({ instance }) => instance)).toEqual(['a', 'c']);
  });
});
