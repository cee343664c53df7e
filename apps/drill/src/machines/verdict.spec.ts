import type { TEvent } from '#tlib';
import { CallLedger } from './call-ledger.js';
import { reportLines } from './report.js';
import { judge, type Observed } from './verdict.js';

const DEMANDS = { newCallsRefusedS: 1, healS: 5, agentsStay: true };

function ledgerOf(held = 2): CallLedger {
  const ledger = new CallLedger();
  for (let n = 0; n < held; n += 1) {
    ledger.dialled(`h${n}`, 'held', 'dc1');
    ledger.heard({ msg: 'EventQueued', ConnID: `00${n}`, ANI: `h${n}` } as TEvent);
    ledger.established(`h${n}`);
  }
  ledger.dialled('q0', 'queued', 'dc2');
  ledger.dialled('n0', 'new', 'dc1');
  return ledger;
}

function observed(ledger = ledgerOf(), more: Partial<Observed> = {}): Observed {
  return {
    drill: 'kill-sc', seed: 7, run: { notes: [{ atMs: 3_000, text: 'kill -9 S' }], healedS: 0.8, missing: [], broken: undefined },
    held: ledger.counts('held'), queued: ledger.counts('queued'), fresh: ledger.counts('new'), outOfOrder: 0,
    refusedMs: new Map([['dc1', 640], ['dc2', 0]]), audits: [{ events: 10, lost: 0, doubled: 0, illegal: 0, lines: [] }], stuck: [], loggedOut: [], disagree: [],
    left: [], records: { missing: 0, doubled: 0, expected: true }, dataCentres: ['dc1', 'dc2'], ...more,
  };
}

const failed = (given: Observed, demands: Parameters<typeof judge>[1] = DEMANDS): unknown => judge(given, demands).json['failed'];

it('passes when nothing is lost', () => {
  expect(judge(observed(), DEMANDS).json).toEqual({
    drill: 'kill-sc', passed: true, callsLost: 0, eventsLost: 0, eventsDoubled: 0, eventsOutOfTurn: 0, agentsStuck: 0, agentsLoggedOut: 0, recordsMissing: 0,
    recordsDoubled: 0, secondsToHeal: 0.8, newCallsRefusedSeconds: 0.6, heldCalls: 2, queuedCalls: 1, newCalls: 1, newCallsRefused: 0, seed: 7, failed: [],
  });
});

describe('fails for a call', () => {
  it('that ended though nobody hung up', () => {
    const ledger = ledgerOf();
    ledger.ended('h1', 200, 4_000);
    const verdict = judge(observed(ledger), DEMANDS);
    expect(verdict).toMatchObject({ passed: false, json: { callsLost: 1, failed: ['calls'] } });
    expect(verdict.criteria.find(({ name }) => name === 'calls')?.lines).toEqual(['held call 001 of h1 (dc1) at 4 s: ended though nobody hung up']);
  });

  it('that could not be held or transferred afterwards', () => {
    const ledger = ledgerOf();
    ledger.lose('h0', 'hold by the desktop: no such call', 9_000);
    expect(failed(observed(ledger))).toEqual(['calls']);
  });

  it('whose end was not taken note of', () => {
    const ledger = ledgerOf();
    ledger.farewell('h0', 200, 9_000);
    expect(failed(observed(ledger))).toEqual([]);
    ledger.farewell('h0', 481, 9_000);
    expect(failed(observed(ledger))).toEqual(['calls']);
  });

  it('that waited and was sent away', () => {
    const ledger = ledgerOf();
    ledger.ended('q0', 480, 4_000);
    expect(failed(observed(ledger))).toEqual(['calls']);
  });

  it('that never stood', () => {
    const ledger = ledgerOf();
    ledger.dialled('h9', 'held', 'dc1');
    expect(failed(observed(ledger))).toEqual(['calls']);
  });

  it('that was new and refused, where the drill allows none', () => {
    const ledger = ledgerOf();
    ledger.ended('n0', 503, 4_000);
    expect(failed(observed(ledger))).toEqual([]);
    expect(failed(observed(ledger), { ...DEMANDS, everyNewCall: true })).toEqual(['calls']);
  });

  it('and not for one that the load ended', () => {
    const ledger = ledgerOf();
    ledger.ending('h1');
    ledger.ended('h1', 200, 4_000);
    expect(failed(observed(ledger))).toEqual([]);
  });
});

it.each([
  ['queued calls in their order', { outOfOrder: 1 }],
  ['new calls', { refusedMs: new Map([['dc1', 1_400]]) }],
  ['events', { audits: [{ events: 1, lost: 1, doubled: 0, illegal: 0, lines: ['x'] }] }],
  ['events', { audits: [{ events: 1, lost: 0, doubled: 1, illegal: 0, lines: ['x'] }] }],
  ['agents free', { stuck: [{ what: '7001', why: 'busy' }] }],
  ['agents logged in', { loggedOut: [{ what: '7001', why: 'EventAgentLogout' }] }],
  ['data centres agree', { disagree: [{ what: '7001', why: 'they differ' }] }],
  ['nothing left', { left: [{ what: '001', why: 'lives' }] }],
  ['records', { records: { missing: 1, doubled: 0, expected: true } }],
  ['records', { records: { missing: null, doubled: null, expected: true, reason: 'nobody answers' } }],
  ['service again', { run: { notes: [], healedS: undefined, missing: ['7001'], broken: undefined } }],
  ['service again', { run: { notes: [], healedS: 5.1, missing: [], broken: undefined } }],
  ['the drill went as planned', { run: { notes: [], healedS: 1, missing: [], broken: 'it was interrupted' } }],
] as const)('fails for %s', (name, more) => expect(failed(observed(undefined, more as Partial<Observed>))).toEqual([name]));

it('demands that a cut is seen from both sides', () => {
  const demands = { ...DEMANDS, otherSideOut: true };
  expect(failed(observed(undefined, { sawOtherOut: ['dc1'] }), demands)).toEqual(['the other side out of service while cut']);
  expect(failed(observed(undefined, { sawOtherOut: ['dc1', 'dc2'] }), demands)).toEqual([]);
});

it('makes up no number of records where there is no recorder', () => {
  const records = { missing: null, doubled: null, expected: false, reason: 'the configuration has no recorder' };
  expect(judge(observed(undefined, { records }), DEMANDS).json).toMatchObject({ passed: true, recordsMissing: null, recordsReason: 'the configuration has no recorder' });
});

it('is good to read, and ends with JSON', () => {
  const ledger = ledgerOf();
  ledger.lose('h0', 'hold: no EventHeld', 9_000);
  const given = observed(ledger);
  const lines = reportLines('kill-sc', given.run, judge(given, DEMANDS), ['S (node, dc1)']);
  expect(lines).toEqual(expect.arrayContaining(['     3.0 s  kill -9 S', '    held call 000 of h0 (dc1) at 9 s: hold: no EventHeld', '  S (node, dc1)', 'failed']));
  expect(lines.some((line) => line.startsWith('✗ calls'))).toBe(true);
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ drill: 'kill-sc', passed: false, callsLost: 1 });
});
