/** The drills: what each does to the cluster, and what it must show. Pure data and choice; docs/operate.md has the table. */
import type { FaultAction } from '../topology/port.js';
import { type ProcessView, type Service, UPGRADED } from './process-view.js';

export type Step =
  | { readonly kind: 'do'; readonly actions: readonly FaultAction[]; readonly says: string }
  | { readonly kind: 'wait'; readonly seconds: number }
  /** Until everybody has service again; not met in that time, the drill goes on and its verdict says so. */
  | { readonly kind: 'untilHealthy'; readonly withinS: number }
  /** A phone whose agent talks registers in the other data centre; afterwards the agent ends his call. */
  | { readonly kind: 'movePhone' };

/** What a verdict demands beyond what every drill must show. */
export interface Demands {
  /** Longest stretch in which no proxy of a data centre took a new call, seconds. */
  readonly newCallsRefusedS: number;
  /** A refused new call counts as lost. */
  readonly everyNewCall?: boolean;
  /** From the moment when the fault is over, or began (`healsFrom`), until everybody has service. */
  readonly healS: number;
  /** While the link is cut, each side says that the other's DNs are out of service. */
  readonly otherSideOut?: boolean;
  /** No agent may have been logged out. */
  readonly agentsStay?: boolean;
}

export interface Drill {
  readonly name: string;
  readonly what: string;
  readonly healsFrom: 'fault' | 'end';
  readonly demands: Demands;
  /** New calls per second and for each hundred held ones, at most 50. */
  readonly perSecond: number;
  /** @throws Error that says what the topology lacks */
  steps(members: readonly ProcessView[], pick: Pick): readonly Step[];
}

/** One of several, by the seed of the drill. */
export type Pick = <T>(from: readonly T[]) => T;

const DOWN_S = 10;
const STORE_DOWN_S = 30;
const CUT_S = 60;
const PAUSE_S = 20;
/** A paused node refuses nothing, it is silent: proxies notice after `oos-check` and `oos-force`. */
const SILENT_S = 5;
const SLOW_MS = 250;
const SKEW_MS = 30_000;
/** For a process that was killed to be started and seen again. */
const BACK_S = 60;
/** A little longer than phones keep what DNS said: who knows no proxy of his own data centre any more registers in the other one. */
const RESOLVED_S = 6;

const done = (says: string, ...actions: readonly FaultAction[]): Step => ({ kind: 'do', actions, says });
const wait = (seconds: number): Step => ({ kind: 'wait', seconds });
const settle: Step = { kind: 'untilHealthy', withinS: BACK_S };

/** @throws Error when nobody does that here */
function serving(members: readonly ProcessView[], services: readonly Service[], primary = true): ProcessView[] {
  for (const service of services) {
    const found = members.filter((each) => each.serves === service && (!primary || each.isPrimary));
    if (found.length > 0) return found;
  }
  throw new Error(`nothing here runs ${services.join(' or ')}`);
}

function kill(...services: readonly Service[]): Drill['steps'] {
  return (members, pick) => killed(pick(serving(members, services)));
}

function killBackup(members: readonly ProcessView[], pick: Pick): readonly Step[] {
  const backups = members.filter(({ isPrimary }) => !isPrimary);
  if (backups.length === 0) throw new Error('nothing here has a backup');
  return killed(pick(backups));
}

const killed = ({ name }: ProcessView): readonly Step[] =>
  [done(`kill -9 ${name}`, { kind: 'kill', process: name }), wait(DOWN_S), done(`start ${name}`, { kind: 'start', process: name }), settle];

function storeDown(service: Service): Drill['steps'] {
  return (members, pick) => {
    const all = serving(members, [service], false);
    const { dataCentre } = pick(all);
    const there = all.filter((each) => each.dataCentre === dataCentre);
    const names = there.map(({ name }) => name);
    return [
      done(`kill -9 ${names.join(', ')}`, ...names.map((process): FaultAction => ({ kind: 'kill', process }))), wait(STORE_DOWN_S),
      done(`start ${names.join(', ')}`, ...names.map((process): FaultAction => ({ kind: 'start', process }))), settle,
    ];
  };
}

function killNats(members: readonly ProcessView[], pick: Pick): readonly Step[] {
  const all = serving(members, ['nats'], false);
  const { dataCentre, name } = pick(all);
  const there = all.filter((each) => each.dataCentre === dataCentre).map((each) => each.name);
  const each = (kind: 'kill' | 'start'): readonly FaultAction[] => there.map((process) => ({ kind, process }));
  const names = there.join(', ');
  const allDown: readonly Step[] = [done(`kill -9 ${names}`, ...each('kill')), wait(STORE_DOWN_S), done(`start ${names}`, ...each('start')), settle];
  if (there.length === 1) return allDown;
  return [
    done(`kill -9 ${name}`, { kind: 'kill', process: name }), wait(STORE_DOWN_S), done(`start ${name}`, { kind: 'start', process: name }), settle, ...allDown,
  ];
}

const dataCentresOf = (members: readonly ProcessView[]): [string, string] => {
  const [one, other] = [...new Set(members.map(({ dataCentre }) => dataCentre))].sort();
  if (one === undefined || other === undefined) throw new Error('there is one data centre only: nothing to cut');
  return [one, other];
};

function pauseTc(members: readonly ProcessView[], pick: Pick): readonly Step[] {
  const { name } = pick(serving(members, ['t-controller', 'node']));
  return [
    done(`SIGSTOP ${name}`, { kind: 'pause', process: name }), wait(PAUSE_S), done(`SIGCONT ${name}`, { kind: 'resume', process: name }), settle,
  ];
}

/** Backups first: who is backup is restarted without anybody noticing, and takes over when its primary is. */
function upgradeOrder(members: readonly ProcessView[]): readonly ProcessView[] {
  const rank = (each: ProcessView): number => UPGRADED.indexOf(each.serves) * 2 + (each.isPrimary ? 1 : 0);
  return members.filter(({ serves }) => UPGRADED.includes(serves)).sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function rollingUpgrade(members: readonly ProcessView[]): readonly Step[] {
  return upgradeOrder(members).flatMap(({ name, serves }): Step[] => [
    done(`SIGTERM ${name}`, { kind: 'terminate', process: name }), done(`start ${name}`, { kind: 'start', process: name }), settle,
    ...(serves === 'sip-proxy' ? [wait(RESOLVED_S)] : []),
  ]);
}

function clockSkew(members: readonly ProcessView[], pick: Pick): readonly Step[] {
  const { name } = pick(serving(members, ['t-controller', 'node']));
  return [
    done(`SIGTERM ${name}`, { kind: 'terminate', process: name }),
    done(`start ${name} with its clock ${SKEW_MS / 1_000} s ahead`, { kind: 'startSkewed', process: name, offsetMs: SKEW_MS }), settle, wait(DOWN_S),
    done(`SIGTERM ${name}`, { kind: 'terminate', process: name }), done(`start ${name} with the right clock`, { kind: 'start', process: name }), settle,
  ];
}

const USUAL: Demands = { newCallsRefusedS: 1, healS: 10, agentsStay: true };

export const DRILLS: readonly Drill[] = [
  {
    name: 'kill-sc', what: 'kill -9 of the process that owns calls', healsFrom: 'fault', demands: { ...USUAL, healS: 5 }, perSecond: 2,
    steps: kill('session-controller', 'node'),
  },
  {
    name: 'kill-tc', what: 'kill -9 of the process that owns DNs and agents', healsFrom: 'fault', demands: { ...USUAL, healS: 5 }, perSecond: 2,
    steps: kill('t-controller', 'node'),
  },
  { name: 'kill-proxy', what: 'kill -9 of a SIP proxy', healsFrom: 'fault', demands: USUAL, perSecond: 2, steps: kill('sip-proxy') },
  { name: 'kill-vq', what: 'kill -9 of a virtual-queue server', healsFrom: 'fault', demands: USUAL, perSecond: 2, steps: kill('vq-server') },
  { name: 'kill-backup', what: 'kill -9 of the half of a pair that waits', healsFrom: 'fault', demands: USUAL, perSecond: 2, steps: killBackup },
  { name: 'kill-router', what: 'kill -9 of a routing program', healsFrom: 'fault', demands: USUAL, perSecond: 2, steps: kill('router') },
  { name: 'kill-recorder', what: 'kill -9 of a recorder', healsFrom: 'fault', demands: USUAL, perSecond: 2, steps: kill('recorder') },
  { name: 'kill-dns', what: 'kill -9 of a name server', healsFrom: 'fault', demands: USUAL, perSecond: 2, steps: kill('dns-server') },
  {
    name: 'kill-nats', what: 'one NATS server of a data centre down for 30 s, then all of them', healsFrom: 'end', perSecond: 2,
    demands: { ...USUAL, newCallsRefusedS: STORE_DOWN_S + BACK_S, healS: 15 }, steps: killNats,
  },
  { name: 'kill-redis', what: 'Redis of a data centre down for 30 s', healsFrom: 'end', demands: USUAL, perSecond: 2, steps: storeDown('redis') },
  {
    name: 'kill-cassandra', what: 'Cassandra of a data centre down for 30 s', healsFrom: 'end', demands: { ...USUAL, healS: 60 }, perSecond: 2,
    steps: storeDown('cassandra'),
  },
  {
    name: 'cut-dc', what: 'the link between the data centres cut for 60 s', healsFrom: 'end', perSecond: 2,
    demands: { newCallsRefusedS: 1, healS: 15, otherSideOut: true },
    steps: (members) => {
      const between = dataCentresOf(members);
      const link = between.join(' - ');
      return [done(`cut ${link}`, { kind: 'cut', between }), wait(CUT_S), done(`heal ${link}`, { kind: 'heal', between }), settle];
    },
  },
  {
    name: 'slow-dc', what: `${SLOW_MS} ms of delay between the data centres for 60 s`, healsFrom: 'end', demands: USUAL, perSecond: 2,
    steps: (members) => {
      const between = dataCentresOf(members);
      return [
        done(`${SLOW_MS} ms between ${between.join(' and ')}`, { kind: 'slow', between, delayMs: SLOW_MS }), wait(CUT_S),
        done(`no delay between ${between.join(' and ')}`, { kind: 'heal', between }), settle,
      ];
    },
  },
  {
    name: 'pause-tc', what: 'SIGSTOP of the process that owns DNs, SIGCONT after 20 s', healsFrom: 'end', perSecond: 2,
    demands: { ...USUAL, newCallsRefusedS: SILENT_S }, steps: pauseTc,
  },
  {
    name: 'rolling-upgrade', what: 'every process stopped and started, one after the other, under 50 calls/s', healsFrom: 'end', perSecond: 50,
    demands: { ...USUAL, everyNewCall: true, healS: 10 }, steps: rollingUpgrade,
  },
  { name: 'clock-skew', what: 'a node starts again with its clock 30 s ahead', healsFrom: 'end', demands: USUAL, perSecond: 2, steps: clockSkew },
  {
    name: 'move-phone', what: 'a softphone registers in the other data centre while its agent talks', healsFrom: 'end', perSecond: 2,
    demands: { newCallsRefusedS: 1, healS: 5 }, steps: () => [{ kind: 'movePhone' }],
  },
];

/** @throws Error that lists the drills */
export function drillNamed(name: string): Drill {
  const found = DRILLS.find((drill) => drill.name === name);
  if (found === undefined) throw new Error(`there is no drill "${name}"; there are: ${DRILLS.map((drill) => drill.name).join(', ')}`);
  return found;
}
