import fc from 'fast-check';
import type { TEvent } from '#tlib';
import { Dispatcher, type DispatcherEffect, type DispatcherInput } from './dispatcher.js';

type Input = DispatcherInput extends infer I ? (I extends unknown ? Omit<I, 'nowMs'> : never) : never;

class Desk {
  readonly dispatcher = new Dispatcher((agentID) => agentID.startsWith('agent'), 20_000);
  nowMs = 1_000;

  on(input: Input): string[] {
    this.nowMs += 1;
    const out: DispatcherEffect[] = [];
    this.dispatcher.on({ ...input, nowMs: this.nowMs } as DispatcherInput, out);
    return out.map(brief);
  }

  agent(msg: string, dn: string, more: object = {}): string[] {
    return this.on({ kind: 'agentEvent', event: { msg, ThisDN: dn, AgentID: `agent${dn}`, ...more } as TEvent });
  }

  ready(dn: string): string[] {
    this.agent('EventDNBackInService', dn);
    return this.agent('EventAgentReady', dn);
  }

  call(connID: string): string[] {
    return this.on({ kind: 'waiting', server: 'S1', event: { msg: 'EventRouteRequest', ThisDN: '5000', ConnID: connID } });
  }
}

const brief = (effect: DispatcherEffect): string => {
  switch (effect.kind) {
    case 'reserve': return `reserve ${effect.dn} for ${effect.connID}`;
    case 'route': return `route ${effect.connID} to ${effect.dn}`;
    case 'cancelReservation': return `free ${effect.dn}`;
    case 'hold':
    case 'giveUp': return `${effect.kind} ${effect.connID}`;
    case 'queueEvent': return `${effect.name}${effect.to === undefined ? '' : ` ${effect.to}`}`;
  }
};

it('sends a call to the longest-idle ready agent', () => {
  const desk = new Desk();
  desk.ready('7002');
  desk.ready('7001');
  expect(desk.call('a')).toEqual(['EventQueued', 'reserve 7002 for a']);
  expect(desk.on({ kind: 'reserved', connID: 'a', dn: '7002' })).toEqual(['route a to 7002']);
  desk.agent('EventRinging', '7002', { ConnID: 'a' });
  expect(desk.on({ kind: 'left', connID: 'a', how: 'EventDiverted', to: '7002' })).toEqual(['EventDiverted 7002', 'free 7002']);
  expect(desk.call('b')).toEqual(['EventQueued', 'reserve 7001 for b']);
});

it('keeps calls in order until somebody is free, and passes over those without the skill, busy or out of service', () => {
  const desk = new Desk();
  desk.agent('EventDNBackInService', '7001');
  desk.agent('EventAgentReady', '7001', { AgentID: 'clerk' });
  desk.agent('EventAgentReady', '7002');
  desk.ready('7003');
  desk.agent('EventEstablished', '7003', { ConnID: 'x' });
  expect(desk.call('a')).toEqual(['EventQueued']);
  expect(desk.call('b')).toEqual(['EventQueued']);
  expect(desk.agent('EventDNBackInService', '7002')).toEqual(['reserve 7002 for a']);
  expect(desk.agent('EventReleased', '7003', { ConnID: 'x' })).toEqual(['reserve 7003 for b']);
});

it('takes the next agent on refusal, and lets the first one rest', () => {
  const desk = new Desk();
  desk.ready('7001');
  desk.ready('7002');
  desk.call('a');
  expect(desk.on({ kind: 'notReserved', connID: 'a', dn: '7001' })).toEqual(['reserve 7002 for a']);
  desk.on({ kind: 'reserved', connID: 'a', dn: '7002' });
  expect(desk.on({ kind: 'notRouted', connID: 'a', dn: '7002' })).toEqual([]);
  desk.nowMs += 5_000;
  expect(desk.on({ kind: 'tick' })).toEqual(['reserve 7001 for a']);
});

it('forgets a call that the server ended at the Routing Point', () => {
  const desk = new Desk();
  desk.call('a');
  expect(desk.on({ kind: 'left', connID: 'a', how: 'EventReleased', to: undefined })).toEqual(['EventAbandoned']);
  expect(desk.ready('7001')).toEqual([]);
  expect(desk.dispatcher.waiting).toBe(0);
});

it('gives the agent back when the caller left while he was being reserved', () => {
  const desk = new Desk();
  desk.ready('7001');
  desk.call('a');
  expect(desk.on({ kind: 'left', connID: 'a', how: 'EventAbandoned', to: undefined })).toEqual(['EventAbandoned']);
  expect(desk.on({ kind: 'reserved', connID: 'a', dn: '7001' })).toEqual(['free 7001']);
  expect(desk.call('b')).toEqual(['EventQueued', 'reserve 7001 for b']);
});

it('learns agents from snapshots, and nothing when the feed broke', () => {
  const desk = new Desk();
  const snapshot = { Extensions: [['status', 0], ['AgentStatus', 2]] };
  desk.agent('EventRegistered', '7001', snapshot);
  desk.agent('EventRegistered', '7002', { Extensions: [['status', 1], ['AgentStatus', 2], ['conn-1', 'x']] });
  desk.on({ kind: 'agentsUnknown' });
  expect(desk.call('a')).toEqual(['EventQueued']);
  expect(desk.agent('EventRegistered', '7001', snapshot)).toEqual(['reserve 7001 for a']);
});

it('holds a caller while nobody is free, and gives him to default routing when he has waited long enough', () => {
  const desk = new Desk();
  desk.call('a');
  expect(desk.on({ kind: 'tick' })).toEqual([]);
  desk.nowMs += 3_000;
  expect(desk.on({ kind: 'tick' })).toEqual(['hold a']);
  expect(desk.on({ kind: 'tick' })).toEqual([]);
  desk.nowMs += 17_000;
  expect(desk.on({ kind: 'tick' })).toEqual(['giveUp a']);
  desk.nowMs += 3_000;
  expect([...desk.on({ kind: 'tick' }), ...desk.ready('7001')]).toEqual([]);
  expect(desk.on({ kind: 'left', connID: 'a', how: 'EventDiverted', to: '7050' })).toEqual(['EventDiverted 7050']);
});

it('leaves a call alone that another router is connecting, and its agent to others at once', () => {
  const desk = new Desk();
  desk.ready('7001');
  desk.call('a');
  desk.on({ kind: 'reserved', connID: 'a', dn: '7001' });
  expect(desk.on({ kind: 'alreadyTried', connID: 'a', dn: '7001' })).toEqual(['free 7001']);
  expect(desk.call('b')).toEqual(['EventQueued', 'reserve 7001 for b']);
  desk.ready('7002');
  desk.nowMs += 3_000;
  expect(desk.on({ kind: 'tick' })).toEqual(['reserve 7002 for a']);
});

it('a refused call goes before those that came after it, and an agent who comes free anew rests no longer', () => {
  const desk = new Desk();
  desk.ready('7001');
  desk.call('a');
  desk.call('b');
  expect(desk.on({ kind: 'notReserved', connID: 'a', dn: '7001' })).toEqual([]);
  desk.agent('EventAgentNotReady', '7001');
  expect(desk.agent('EventAgentReady', '7001')).toEqual(['reserve 7001 for a']);
});

describe('a server whose session began anew', () => {
  const told = (...connIDs: readonly string[]): Input => ({ kind: 'told', server: 'S1', point: '5000', connIDs });

  function offered(): Desk {
    const desk = new Desk();
    desk.ready('7001');
    for (const connID of ['a', 'b', 'c']) desk.call(connID);
    desk.on({ kind: 'reserved', connID: 'a', dn: '7001' });
    expect(desk.on({ kind: 'serverAnew', server: 'S2' })).toEqual([]);
    expect(desk.on({ kind: 'serverAnew', server: 'S1' })).toEqual(['free 7001']);
    expect([desk.dispatcher.waiting, desk.dispatcher.free]).toEqual([3, 1]);
    return desk;
  }

  it('keeps the calls that it still has in their places, and takes the others for abandoned', () => {
    const desk = offered();
    expect(desk.on(told('c', 'a'))).toEqual(['EventAbandoned', 'reserve 7001 for a']);
    expect(desk.on({ kind: 'left', connID: 'a', how: 'EventAbandoned', to: undefined })).toEqual(['EventAbandoned', 'reserve 7001 for c']);
  });

  it('goes on with a call that it asks a route for again, and hears nothing of the answer to what was asked before', () => {
    const desk = offered();
    expect(desk.call('b')).toEqual(['reserve 7001 for b']);
    expect(desk.on({ kind: 'notRouted', connID: 'a', dn: '7001' })).toEqual([]);
    expect(desk.on(told('b'))).toEqual(['EventAbandoned', 'EventAbandoned']);
  });

  it('has lost the calls that it does not tell of', () => {
    const desk = offered();
    desk.nowMs += 14_900;
    expect(desk.on({ kind: 'tick' })).toEqual([]);
    desk.nowMs += 100;
    expect(desk.on({ kind: 'tick' })).toEqual(['EventAbandoned', 'EventAbandoned', 'EventAbandoned']);
    expect(desk.dispatcher.waiting).toBe(0);
  });
});

it('serves 1,000 waiting calls in order with 50 agents', () => {
  const desk = new Desk();
  for (let i = 0; i < 1_000; i += 1) desk.call(`c${i}`);
  const served: string[] = [];
  for (let i = 0; i < 50; i += 1) desk.agent('EventDNBackInService', String(7001 + i));
  for (let round = 0; round < 20; round += 1) {
    for (let i = 0; i < 50; i += 1) {
      served.push(...desk.agent('EventAgentReady', String(7001 + i)));
      const connID = `c${round * 50 + i}`;
      desk.on({ kind: 'reserved', connID, dn: String(7001 + i) });
      desk.agent('EventAgentNotReady', String(7001 + i));
      desk.on({ kind: 'left', connID, how: 'EventDiverted', to: String(7001 + i) });
    }
  }
  expect(served).toHaveLength(1_000);
  expect(served[999]).toBe('reserve 7050 for c999');
});

it('never offers one agent two calls, nor one call to two agents', () => {
  const dn = fc.constantFrom('7001', '7002', '7003');
  const connID = fc.constantFrom('a', 'b', 'c', 'd');
  const step: fc.Arbitrary<[string, string, string]> = fc.tuple(
    fc.constantFrom('call', 'left', 'ready', 'notready', 'reserved', 'notReserved', 'notRouted', 'tick'), connID, dn,
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    const desk = new Desk();
    const offers = new Map<string, string>();
    for (const [kind, call, seat] of steps) {
      let effects: string[];
      if (kind === 'call') effects = desk.call(call);
      else if (kind === 'left') { offers.delete(call); effects = desk.on({ kind: 'left', connID: call, how: 'EventDiverted', to: seat }); }
      else if (kind === 'ready') effects = desk.ready(seat);
      else if (kind === 'notready') effects = desk.agent('EventAgentNotReady', seat);
      else if (kind === 'tick') effects = desk.on({ kind: 'tick' });
      else {
        if (kind !== 'reserved' && offers.get(call) === seat) offers.delete(call);
        effects = desk.on({ kind: kind as 'reserved', connID: call, dn: seat });
      }
      for (const effect of effects) {
        const match = /^reserve (\S+) for (\S+)$/.exec(effect);
        if (match === null) continue;
        expect(offers.has(match[2]!)).toBe(false);
        expect([...offers.values()]).not.toContain(match[1]);
        offers.set(match[2]!, match[1]!);
      }
    }
  }));
});
