import { DRILLS, drillNamed, type Pick, type Step } from './drills.js';
import type { ProcessView, Service } from './process-view.js';
import { type FaultAction, reverseOf, subjectOf } from '../topology/port.js';

const of = (name: string, serves: Service, dataCentre: string, isPrimary = true): ProcessView => ({ name, serves, dataCentre, isPrimary });
const MEMBERS: readonly ProcessView[] = ['dc1', 'dc2'].flatMap((dc) => [
  of(`S_${dc}`, 'node', dc), of(`S_${dc}b`, 'node', dc, false), of(`P_${dc}`, 'sip-proxy', dc), of(`VQ_${dc}`, 'vq-server', dc), of(`R_${dc}`, 'router', dc),
  of(`H_${dc}`, 'recorder', dc), of(`D_${dc}`, 'dns-server', dc), of(`C_${dc}`, 'console', dc), of(`redis-${dc}`, 'redis', dc), of(`cassandra-${dc}`, 'cassandra', dc),
  ...[1, 2, 3].map((n) => of(`nats-${dc}-${n}`, 'nats', dc)),
]);
const first: Pick = (from) => from[0] as (typeof from)[number];
const actionsOf = (steps: readonly Step[]): FaultAction[] => steps.flatMap((step) => (step.kind === 'do' ? step.actions : []));
const says = (name: string): string[] => drillNamed(name).steps(MEMBERS, first).flatMap((step) => (step.kind === 'do' ? [step.says] : []));

it.each(DRILLS.map((drill) => [drill.name, drill] as const))('%s undoes what it does', (_, drill) => {
  const open = new Map<string, FaultAction>();
  for (const action of actionsOf(drill.steps(MEMBERS, first))) {
    const undo = reverseOf(action);
    if (undo === undefined) open.delete(subjectOf(action));
    else open.set(subjectOf(action), undo);
  }
  expect([...open]).toEqual([]);
});

it('harms primaries', () => {
  expect(says('kill-sc')).toEqual(['kill -9 S_dc1', 'start S_dc1']);
  const last: Pick = (from) => from.at(-1) as (typeof from)[number];
  expect(actionsOf(drillNamed('kill-tc').steps(MEMBERS, last))[0]).toEqual({ kind: 'kill', process: 'S_dc2' });
});

it('harms the half that waits', () => {
  expect(says('kill-backup')).toEqual(['kill -9 S_dc1b', 'start S_dc1b']);
  expect(() => drillNamed('kill-backup').steps([of('S', 'node', 'dc1')], first)).toThrow('nothing here has a backup');
});

it('takes one NATS server, then all of the data centre', () => {
  expect(says('kill-nats')).toEqual([
    'kill -9 nats-dc1-1', 'start nats-dc1-1', 'kill -9 nats-dc1-1, nats-dc1-2, nats-dc1-3', 'start nats-dc1-1, nats-dc1-2, nats-dc1-3',
  ]);
});

it('upgrades each of our processes once, backups before primaries, and no server', () => {
  const upgraded = actionsOf(drillNamed('rolling-upgrade').steps(MEMBERS, first)).filter(({ kind }) => kind === 'terminate').map(subjectOf);
  expect(upgraded.slice(0, 4)).toEqual(['S_dc1b', 'S_dc2b', 'S_dc1', 'S_dc2']);
  expect([...upgraded].sort()).toEqual(MEMBERS.filter(({ serves }) => !['nats', 'redis', 'cassandra'].includes(serves)).map(({ name }) => name).sort());
});

it('says what is missing', () => {
  expect(() => drillNamed('kill-mars')).toThrow(/there is no drill "kill-mars"; there are: kill-sc, kill-tc,/);
  expect(() => drillNamed('kill-redis').steps([of('S', 'node', 'dc1')], first)).toThrow('nothing here runs redis');
  expect(() => drillNamed('cut-dc').steps([of('S', 'node', 'dc1')], first)).toThrow('one data centre only');
});
