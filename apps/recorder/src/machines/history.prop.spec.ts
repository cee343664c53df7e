/** Whatever is killed, told twice or told again: the same records (architecture §9, 8; HR-04, HR-06). */
import fc from 'fast-check';
import { type AnyHistoryRecord, wins } from '#store';
import { tTime, type TEvent } from '#tlib';
import { T0 } from '../fixtures/told.fixture.js';
import type { HistoryEffect } from './effects.js';
import type { Heard } from './heard.js';
import { History } from './history.js';

const IPPORT = 'S1/IPport';
const TCPORT = 'S1/TCport';
const VQ = 'VQ/default';

/** What happens, in order, each a second after the one before. */
type Happening = { readonly source: string; readonly about: string; readonly event: TEvent };

const at = (n: number): { TimeStamp: TEvent['Time']; Time: TEvent['Time'] } => ({ TimeStamp: tTime(T0 + n * 1_000), Time: tTime(T0 + n * 1_000) });

/** The life of a call as IPport tells it, in one of three ways. */
function callLife(call: string, way: number): Omit<TEvent, 'Time'>[] {
  const about = { CallUUID: call, ConnID: `conn-${call}`, CallID: 1, Node: 'S1' };
  const party = (id: number, DN: string, PartyType: string, PartyState: number, Cause = 'Empty') => ({
    msg: 'EventCallPartyAdded', ...about, PartyUUID: `${call}-${id}`, DN, PartyType, PartyState, DNRole: id === 1 ? 'Origination' : 'Destination', Cause,
  });
  const state = (id: number, PartyState: number) => ({ msg: 'EventCallPartyState', ...about, PartyUUID: `${call}-${id}`, PartyState });
  const left = (id: number, Cause = 'Empty', more: object = {}) => ({ msg: 'EventCallPartyDeleted', ...about, PartyUUID: `${call}-${id}`, DN: '', Cause, ...more });
  const begin = [{ msg: 'EventCallCreated', ...about, CallType: 'Inbound', ANI: '8', DNIS: '5000' }, party(1, '8', 'External', 1), party(2, '5000', 'RoutingPoint', 9)];
  const answered = [party(4, '7002', 'Internal', 0xa, 'Route'), left(2, 'Route'), state(4, 0xc), left(4), left(1)];
  const ways = [answered, [party(3, '7001', 'Internal', 0xa, 'Route'), left(3, 'Busy', { ErrorCode: 231 }), ...answered], [left(2), left(1)]];
  return [...begin, ...ways[way % 3] as typeof answered, { msg: 'EventCallDeleted', ...about }];
}

function agentLife(agent: string, session: string): Omit<TEvent, 'Time'>[] {
  const say = (msg: string, more: object = {}) => ({ msg, ThisDN: `70${agent}`, AgentID: agent, AgentSessionID: session, AgentWorkMode: 'Unknown', OwnerEpoch: 1, ...more });
  return [say('EventAgentLogin'), say('EventAgentNotReady'), say('EventAgentReady'), say('EventAgentNotReady', { AgentWorkMode: 'AuxWork', Reasons: [['code', 'x']] }), say('EventAgentLogout')];
}

const queueLife = (call: string): Omit<TEvent, 'Time'>[] => [{ msg: 'EventQueued' }, { msg: 'EventDiverted', ThirdPartyDN: '7002' }]
  .map((event) => ({ ...event, ThisDN: 'VQ', ConnID: `conn-${call}`, CallUUID: call, ANI: '8' }));

/** Interleaves lives: each choice is whose next event it is. */
function interleave(choices: readonly number[]): Happening[] {
  const lives: { source: string; about: string; events: Omit<TEvent, 'Time'>[] }[] = [];
  for (let i = 0; i < 6; i += 1) lives.push({ source: IPPORT, about: `U${i}`, events: callLife(`U${i}`, i) });
  for (let i = 0; i < 4; i += 1) lives.push({ source: TCPORT, about: `a${i}`, events: agentLife(String(i % 2), `s${i}`) });
  // The second session of an agent begins when the first is over.
  const [first, second, third, fourth] = lives.filter(({ source }) => source === TCPORT);
  first!.events.push(...third!.events.splice(0));
  second!.events.push(...fourth!.events.splice(0));
  for (let i = 0; i < 3; i += 1) lives.push({ source: VQ, about: `q${i}`, events: queueLife(`U${i}`) });
  const happened: Happening[] = [];
  for (const choice of [...choices, ...Array.from({ length: 300 }, (_, i) => i)]) {
    const life = lives[choice % lives.length]!;
    const event = life.events.shift();
    if (event !== undefined) happened.push({ source: life.source, about: life.about, event: { ...event, ...at(happened.length) } as unknown as TEvent });
  }
  return happened;
}

/** A queue, a store and a machine between them that can be killed. */
class Stand {
  readonly store = new Map<string, AnyHistoryRecord>();
  readonly #lines = new Map<number, Heard>();
  readonly #sequences = new Map<string, number>();
  #seq = 0;
  #history = this.#make();

  /** @param survive how many of the effects take place before the process dies; all when it lives */
  hear({ source, event }: Happening, session = 's', survive = Number.POSITIVE_INFINITY): void {
    const name = `${source} ${session}`;
    const sequence = (this.#sequences.get(name) ?? 0) + 1;
    this.#sequences.set(name, sequence);
    this.line({ source, session, sequence, event }, survive);
  }

  line(heard: Heard, survive = Number.POSITIVE_INFINITY): void {
    this.#seq += 1;
    this.#lines.set(this.#seq, heard);
    this.#feed(this.#seq, heard, survive);
    if (survive !== Number.POSITIVE_INFINITY) this.restart();
  }

  restart(): void {
    this.#history = this.#make();
    for (const [seq, heard] of [...this.#lines]) this.#feed(seq, heard, Number.POSITIVE_INFINITY);
  }

  get left(): number {
    return this.#lines.size;
  }

  #make(): History {
    return new History({ switchName: 'S', userData: new Map(), typeOf: () => undefined });
  }

  #feed(seq: number, heard: Heard, survive: number): void {
    const effects: HistoryEffect[] = [];
    this.#history.on({ kind: 'heard', seq, heard }, effects);
    for (const effect of effects.slice(0, survive)) {
      if (effect.kind === 'release') effect.seqs.forEach((each) => this.#lines.delete(each));
      else this.#write(effect.record);
    }
  }

  #write(record: AnyHistoryRecord): void {
    const name = `${record.kind} ${record.key}`;
    const held = this.store.get(name);
    if (held === undefined || wins(record, held)) this.store.set(name, record);
  }
}

const recordsOf = (stand: Stand): unknown[] => [...stand.store].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);

const choices = fc.array(fc.nat(12), { maxLength: 60 });

describe('history', () => {
  it('has exactly one record of each call, party, session and state', () => {
    fc.assert(fc.property(choices, (order) => {
      const stand = new Stand();
      for (const happening of interleave(order)) stand.hear(happening);
      const count = (kind: string): number => [...stand.store.values()].filter((record) => record.kind === kind).length;
      // Six calls in three ways: 3, 4 and 2 parties, 1, 2 and 1 attempts; four sessions with three states each.
      expect([count('call'), count('party'), count('cdr'), count('agentSession'), count('agentState'), count('queueResult')]).toEqual([6, 18, 8, 4, 12, 3]);
      expect([...stand.store.values()].every((record) => record.kind === 'resource' || (record.data as { endedAtMs?: number }).endedAtMs !== undefined || record.kind === 'cdr')).toBe(true);
      expect(stand.left).toBe(0);
    }));
  });

  it('is the same when the recorder is killed anywhere, with its work half done', () => {
    const kill = fc.record({ at: fc.nat(110), survive: fc.nat(4) });
    fc.assert(fc.property(choices, fc.array(kill, { minLength: 1, maxLength: 5 }), (order, kills) => {
      const [whole, killed] = [new Stand(), new Stand()];
      for (const [n, happening] of interleave(order).entries()) {
        whole.hear(happening);
        killed.hear(happening, 's', kills.find((each) => each.at === n)?.survive);
      }
      expect(recordsOf(killed)).toEqual(recordsOf(whole));
      expect(killed.left).toBe(0);
    }));
  });

  it('is the same when a line is appended twice, and when live calls are told again by another session', () => {
    fc.assert(fc.property(choices, fc.nat(100), fc.nat(3), (order, cut, again) => {
      const [whole, stand] = [new Stand(), new Stand()];
      const happened = interleave(order);
      const over = new Set(happened.slice(0, cut).filter(({ event }) => event.msg === 'EventCallDeleted').map(({ about }) => about));
      for (const [n, happening] of happened.entries()) {
        whole.hear(happening);
        // From the cut on IPport is another session, which tells the calls that live, and some that are over, from their beginning.
        if (n === cut) {
          const told = happened.slice(0, cut).filter(({ source, about }) => source === IPPORT && (!over.has(about) || Number(about[1]) % 4 === again));
          for (const each of told) stand.hear(each, 't');
        }
        const session = n >= cut && happening.source === IPPORT ? 't' : 's';
        stand.hear(happening, session);
        if (n % 5 === 0) stand.line({ source: happening.source, session, sequence: 1, event: happening.event });
      }
      expect(recordsOf(stand)).toEqual(recordsOf(whole));
      expect(stand.left).toBe(0);
    }));
  });
});
