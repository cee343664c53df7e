/** Whether a drill passed: what was observed against what the drill demands. */
import type { AuditFindings } from './event-audit.js';
import type { LedgerCounts } from './call-ledger.js';
import type { Demands } from './drills.js';
import type { RunResult } from './drill-run.js';

export interface Trouble {
  /** A DN, a call, an instance. */
  readonly what: string;
  readonly why: string;
}

/** `missing` and `doubled` are null when nobody could be asked; `reason` says why. */
export interface RecordFindings {
  readonly missing: number | null;
  readonly doubled: number | null;
  readonly reason?: string;
  readonly lines?: readonly string[];
  /** There is a recorder, so silence is a failure. */
  readonly expected: boolean;
}

export interface Observed {
  readonly drill: string;
  readonly seed: number;
  readonly run: RunResult;
  readonly held: LedgerCounts;
  readonly queued: LedgerCounts;
  readonly fresh: LedgerCounts;
  /** Queued calls answered later in another order than they came. */
  readonly outOfOrder: number;
  /** Longest time without new calls by data centre. */
  readonly refusedMs: ReadonlyMap<string, number>;
  readonly audits: readonly AuditFindings[];
  readonly stuck: readonly Trouble[];
  readonly loggedOut: readonly Trouble[];
  /** DNs of which the data centres' pictures differ at the end. */
  readonly disagree: readonly Trouble[];
  /** Calls that live, DNs that are busy when everybody has hung up. */
  readonly left: readonly Trouble[];
  readonly records: RecordFindings;
  /** Drills with a cut link: the data centres that saw the other's DNs go out of service. */
  readonly sawOtherOut?: readonly string[];
  readonly dataCentres: readonly string[];
  /** move-phone: what went against its rules. */
  readonly moved?: readonly Trouble[];
}

export interface Criterion {
  readonly name: string;
  /** Undefined: it could not be looked at. */
  readonly ok: boolean | undefined;
  readonly seen: string;
  readonly lines: readonly string[];
}

export interface Verdict {
  readonly passed: boolean;
  readonly criteria: readonly Criterion[];
  readonly json: Readonly<Record<string, unknown>>;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
const lines = (troubles: readonly Trouble[]): string[] => troubles.map(({ what, why }) => `${what}: ${why}`);
const seconds = (ms: number): number => Math.round(ms / 100) / 10;

export function judge(observed: Observed, demands: Demands): Verdict {
  const { run, audits, records } = observed;
  const refusedS = seconds(Math.max(0, ...observed.refusedMs.values()));
  const lost = [...observed.held.lost, ...observed.queued.lost, ...observed.fresh.lost];
  const refusedNew = sum([...observed.fresh.refused.values()]);
  const callsLost = lost.length + (demands.everyNewCall === true ? refusedNew : 0);
  const total = (kind: 'lost' | 'doubled' | 'illegal' | 'events'): number => sum(audits.map((each) => each[kind]));
  const events = { heard: total('events'), lost: total('lost'), doubled: total('doubled'), illegal: total('illegal') };
  const criteria: Criterion[] = [
    { name: 'the drill went as planned', ok: run.broken === undefined, seen: run.broken ?? 'every step was done', lines: [] },
    callCriterion(observed, demands, lost.map(lostLine), callsLost, refusedNew),
    {
      name: 'queued calls in their order', ok: observed.queued.started === 0 ? undefined : observed.outOfOrder === 0,
      seen: observed.queued.started === 0 ? 'nobody waited' : `${observed.outOfOrder} out of order`, lines: [],
    },
    {
      name: 'new calls', ok: refusedS <= demands.newCallsRefusedS,
      seen: `longest time without: ${[...observed.refusedMs].map(([at, ms]) => `${at} ${seconds(ms)} s`).join(', ')} (allowed ${demands.newCallsRefusedS} s)`,
      lines: [],
    },
    {
      name: 'events', ok: events.lost + events.doubled + events.illegal === 0,
      seen: `${events.heard} heard, ${events.lost} lost, ${events.doubled} doubled, ${events.illegal} out of turn`,
      lines: audits.flatMap((each) => each.lines),
    },
    trouble('agents free', observed.stuck, 'stuck'),
    ...(demands.agentsStay === true ? [trouble('agents logged in', observed.loggedOut, 'logged out')] : []),
    ...(demands.otherSideOut === true ? [otherSide(observed)] : []),
    ...(observed.moved === undefined ? [] : [trouble('the phone that moved', observed.moved, 'against the rules')]),
    trouble('data centres agree', observed.disagree, 'DNs seen differently'),
    trouble('nothing left', observed.left, 'left over'),
    recordCriterion(records),
    {
      name: 'service again', ok: run.healedS !== undefined && run.healedS <= demands.healS,
      seen: run.healedS === undefined ? 'not everybody had service again' : `after ${run.healedS.toFixed(1)} s (allowed ${demands.healS} s)`,
      lines: run.healedS === undefined ? run.missing : [],
    },
  ];
  const passed = criteria.every(({ ok }) => ok !== false);
  return {
    passed, criteria,
    json: {
      drill: observed.drill, passed, callsLost, eventsLost: events.lost, eventsDoubled: events.doubled, eventsOutOfTurn: events.illegal,
      agentsStuck: observed.stuck.length, agentsLoggedOut: observed.loggedOut.length, recordsMissing: records.missing, recordsDoubled: records.doubled,
      ...(records.reason === undefined ? {} : { recordsReason: records.reason }),
      secondsToHeal: run.healedS ?? null, newCallsRefusedSeconds: refusedS,
      heldCalls: observed.held.started, queuedCalls: observed.queued.started, newCalls: observed.fresh.started, newCallsRefused: refusedNew,
      seed: observed.seed, failed: criteria.filter(({ ok }) => ok === false).map(({ name }) => name),
    },
  };
}

function callCriterion(
  { held, queued, fresh }: Observed, demands: Demands, losses: readonly string[], callsLost: number, refused: number,
): Criterion {
  const stood = held.established === held.started && held.started > 0;
  const unmade = stood ? '' : `; only ${held.established} of ${held.started} held calls ever stood`;
  const statuses = [...fresh.refused].map(([status, count]) => `${count} with ${status}`).join(', ');
  const refusals = demands.everyNewCall === true && refused > 0 ? [`new calls were refused: ${statuses}`] : [];
  return {
    name: 'calls', ok: callsLost === 0 && stood,
    seen: `${held.started} held, ${queued.started} queued, ${fresh.started} new (${fresh.established} answered`
      + `${refused > 0 ? `, refused ${statuses}` : ''}): ${callsLost} lost${unmade}`,
    lines: [...losses, ...refusals],
  };
}

const lostLine = ({ group, from, where, connID, reason, atMs }: LedgerCounts['lost'][number]): string =>
  `${group} call ${connID ?? '(no ConnID)'} of ${from} (${where}) at ${seconds(atMs)} s: ${reason}`;

const trouble = (name: string, found: readonly Trouble[], word: string): Criterion =>
  ({ name, ok: found.length === 0, seen: `${found.length} ${word}`, lines: lines(found) });

function otherSide({ sawOtherOut = [], dataCentres }: Observed): Criterion {
  const blind = dataCentres.filter((each) => !sawOtherOut.includes(each));
  return {
    name: 'the other side out of service while cut', ok: blind.length === 0,
    seen: blind.length === 0 ? 'both saw it' : `not seen in ${blind.join(', ')}`, lines: [],
  };
}

function recordCriterion({ missing, doubled, reason, expected, lines: more = [] }: RecordFindings): Criterion {
  const isUnknown = missing === null || doubled === null;
  if (isUnknown) return { name: 'records', ok: expected ? false : undefined, seen: `not compared: ${reason}`, lines: more };
  return { name: 'records', ok: missing + doubled === 0, seen: `${missing} missing, ${doubled} doubled`, lines: more };
}
