import fc from 'fast-check';
import type { TEvent } from '#tlib';
import type { ClientSession } from '../adapters/client-session.js';
import { CallReporting } from './call-reporting.js';

class Icon implements ClientSession {
  readonly applicationName = 'ICON';
  /** `call1 Created`, ... */
  readonly heard: string[] = [];
  connected = true;

  constructor(readonly id: string) {}

  send(event: TEvent): void {
    this.heard.push(`${event['ConnID'] as string} ${event.msg.slice('EventCall'.length)}`);
  }
}

class Desk {
  nowMs = 0;
  readonly reporting: CallReporting;

  constructor(events = 20_000) {
    this.reporting = new CallReporting(() => this.nowMs, { events, ms: 60_000 });
  }

  join(id: string): Icon {
    const icon = new Icon(id);
    this.reporting.clientJoined(icon);
    return icon;
  }

  say(connID: string, ...names: string[]): void {
    for (const name of names) this.reporting.report(connID, { msg: `EventCall${name}`, ConnID: connID });
  }
}

describe('call reporting', () => {
  it('spreads 1,000 calls evenly over four clients, each call whole to one (IP-02)', () => {
    const desk = new Desk();
    const icons = ['a', 'b', 'c', 'd'].map((id) => desk.join(id));
    const calls = Array.from({ length: 1_000 }, (_, i) => `c${i}`);
    for (const call of calls) desk.say(call, 'Created', 'PartyAdded');
    for (const call of calls) desk.say(call, 'Deleted');
    expect(icons.map(({ heard }) => heard.length)).toEqual([750, 750, 750, 750]);
    for (const call of calls) {
      expect(icons.filter(({ heard }) => heard.some((line) => line.startsWith(`${call} `)))).toHaveLength(1);
    }
    expect(desk.reporting.kept).toBe(0);
  });

  it('keeps what nobody hears for the first client that comes: a call in its middle, and one that is over', () => {
    const desk = new Desk();
    desk.say('c1', 'Created', 'PartyAdded');
    desk.say('c2', 'Created', 'Deleted');
    const icon = desk.join('a');
    desk.say('c1', 'Deleted');
    expect(icon.heard).toEqual(['c1 Created', 'c1 PartyAdded', 'c2 Created', 'c2 Deleted', 'c1 Deleted']);
    expect(desk.reporting.kept).toBe(0);
  });

  it('tells the calls of a client that is gone for good to another one, from their beginning', () => {
    const desk = new Desk();
    desk.join('a');
    desk.say('c1', 'Created', 'PartyAdded');
    const b = desk.join('b');
    desk.reporting.clientGone('a');
    desk.say('c1', 'Deleted');
    expect(b.heard).toEqual(['c1 Created', 'c1 PartyAdded', 'c1 Deleted']);
  });

  it('tells a call that ended while its client was away to the next one, when the client does not come back', () => {
    const desk = new Desk();
    const a = desk.join('a');
    desk.say('c1', 'Created');
    a.connected = false;
    desk.say('c1', 'Deleted');
    desk.nowMs += 61_000;
    desk.reporting.clientGone('a');
    desk.nowMs += 59_000;
    expect(desk.join('b').heard).toEqual(['c1 Created', 'c1 Deleted']);
    expect(desk.reporting.kept).toBe(0);
  });

  it('forgets such a call when its client comes back', () => {
    const desk = new Desk();
    const a = desk.join('a');
    a.connected = false;
    desk.say('c1', 'Created', 'Deleted');
    expect(desk.reporting.kept).toBe(2);
    a.connected = true;
    desk.reporting.clientResumed('a');
    expect(desk.reporting.kept).toBe(0);
    desk.reporting.clientGone('a');
    expect(desk.join('b').heard).toEqual([]);
  });

  it('gives up ended calls after a minute, and does not tell halves of those for which there is no room', () => {
    const desk = new Desk(5);
    desk.say('c1', 'Created', 'Deleted');
    desk.nowMs += 60_001;
    desk.say('c2', 'Created', 'PartyAdded', 'PartyState');
    desk.say('c3', 'Created', 'PartyAdded', 'PartyState');
    const icon = desk.join('a');
    desk.say('c2', 'Deleted');
    expect(icon.heard).toEqual(['c3 Created', 'c3 PartyAdded', 'c3 PartyState']);
    expect(desk.reporting.dropped).toBe(2);
  });

  it('goes on telling a heard call whose past had to go', () => {
    const desk = new Desk(2);
    const a = desk.join('a');
    desk.say('c1', 'Created', 'PartyAdded', 'PartyState', 'Deleted');
    expect(a.heard).toHaveLength(4);
    expect([desk.reporting.dropped, desk.reporting.kept]).toEqual([0, 0]);
  });

  it('gives no further calls to a client that stopped, and ends those it has', () => {
    const desk = new Desk();
    const [a, b] = [desk.join('a'), desk.join('b')];
    desk.say('c1', 'Created');
    desk.reporting.clientPaused('a');
    desk.say('c2', 'Created');
    desk.say('c3', 'Created');
    desk.say('c1', 'Deleted');
    expect(a.heard).toEqual(['c1 Created', 'c1 Deleted']);
    expect(b.heard).toEqual(['c2 Created', 'c3 Created']);
    desk.reporting.clientJoined(a);
    desk.say('c4', 'Created');
    expect(a.heard.at(-1)).toBe('c4 Created');
  });

  it('never gives a call to two living clients, never in halves, and keeps its bound', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('join' as const), id: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('gone' as const), id: fc.constantFrom('a', 'b', 'c') }),
      fc.record({ kind: fc.constant('say' as const), call: fc.constantFrom('c1', 'c2', 'c3', 'c4'), what: fc.constantFrom('next', 'end') }),
      fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(40_000) }),
    );
    fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const desk = new Desk(12);
      const living = new Map<string, Icon>();
      const progress = new Map<string, number>();
      let generation = 0;
      for (const each of steps) {
        if (each.kind === 'wait') desk.nowMs += each.ms;
        else if (each.kind === 'join' && !living.has(each.id)) living.set(each.id, desk.join(each.id));
        else if (each.kind === 'gone') {
          desk.reporting.clientGone(each.id);
          living.delete(each.id);
        } else if (each.kind === 'say') {
          const at = progress.get(each.call);
          const name = at === undefined ? `${each.call}.${generation += 1}` : `${each.call}.${at}`;
          if (at === undefined) {
            progress.set(each.call, generation);
            desk.say(name, 'Created');
          } else if (each.what === 'next') desk.say(name, 'PartyState');
          else {
            desk.say(name, 'Deleted');
            progress.delete(each.call);
          }
        }
        expect(desk.reporting.kept).toBeLessThanOrEqual(12);
        for (const { heard } of living.values()) expect(startsWell(heard)).toBe(true);
        const of = [...living.values()].flatMap(({ heard }) => [...new Set(heard.map((line) => line.split(' ')[0]))]);
        expect(new Set(of).size).toBe(of.length);
      }
    }));
  });
});

/** Each call's first line is Created, unless a former client heard the beginning and its past had to go. */
function startsWell(heard: readonly string[]): boolean {
  const created = heard.filter((line) => line.endsWith(' Created'));
  return new Set(created).size === created.length;
}
