import { CountingMeter, type LogFields, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import { MemoryBus } from '../bus/memory.js';
import { subjects } from '../subjects.js';
import type { MemberHeartbeat } from './membership.js';
import { MembershipService } from './membership-service.js';

function stand() {
  const clock = new VirtualClock();
  const bus = new MemoryBus({ clock, meter: new CountingMeter(), log: silentLog });
  const errors: string[] = [];
  const log = { ...silentLog, error: (message: string, _fields?: LogFields) => void errors.push(message) };
  const make = (instance: string, more: Partial<MemberHeartbeat> = {}) => {
    const self = {
      instance, node: instance, tier: 'router', dataCentre: 'dc1', role: 'primary' as const, bootEpoch: 1, draining: false, load: 0, ...more,
    };
    const service = new MembershipService<MemberHeartbeat>({ bus, clock, log }, () => ({ ...self }));
    const changes: string[] = [];
    service.onChange((change) => changes.push(change.kind === 'paused' ? `paused ${change.forMs}` : `${change.kind} ${change.member.instance}`));
    service.start();
    return { service, changes, self };
  };
  return { clock, bus, errors, make };
}

describe('MembershipService', () => {
  it('knows itself at once, and a newcomer and its elders know each other without waiting for a beat', async () => {
    const { clock, make } = stand();
    const a = make('a');
    expect(a.service.members().map(({ instance }) => instance)).toEqual(['a']);
    await clock.advance(500);
    const b = make('b');
    await clock.advance(0);
    expect(a.changes).toEqual(['up a', 'up b']);
    expect(b.service.members().map(({ instance }) => instance).sort()).toEqual(['a', 'b']);
  });

  it('stays quiet while everybody beats, and hears who falls silent', async () => {
    const { clock, make } = stand();
    const a = make('a');
    const b = make('b');
    await clock.advance(60_000);
    expect(a.changes).toEqual(['up a', 'up b']);
    b.service.close();
    await clock.advance(3_400);
    expect(a.changes).toEqual(['up a', 'up b']);
    await clock.advance(1_100);
    expect(a.changes).toEqual(['up a', 'up b', 'down b']);
    expect(a.service.members().map(({ instance }) => instance)).toEqual(['a']);
  });

  it('is told at once who leaves, and takes the last word of a predecessor for nothing', async () => {
    const { clock, make, bus, errors } = stand();
    const a = make('a', { bootEpoch: 2 });
    const b = make('b');
    await clock.advance(0);
    b.service.leave();
    await clock.advance(0);
    expect(a.changes).toEqual(['up a', 'up b', 'down b']);
    expect(a.service.members().map(({ instance }) => instance)).toEqual(['a']);
    const again = make('b', { bootEpoch: 5 });
    await clock.advance(0);
    for (const late of [b.self, { ...a.self, bootEpoch: 1 }]) bus.publish(subjects.alive(late.instance), { ...late, leaving: true });
    await clock.advance(0);
    expect(a.changes).toEqual(['up a', 'up b', 'down b', 'up b']);
    expect([again.service.members().length, errors]).toEqual([2, []]);
  });

  it('says the load and draining of the moment', async () => {
    const { clock, make } = stand();
    const a = make('a');
    const b = make('b');
    await clock.advance(0);
    b.self.load = 12;
    b.self.draining = true;
    b.service.announce();
    await clock.advance(0);
    expect(a.service.member('b')).toMatchObject({ load: 12, draining: true });
    expect(a.changes).toEqual(['up a', 'up b', 'draining b']);
  });

  it('reports its own pause, and does not take it for the death of the others', async () => {
    const { bus, make } = stand();
    const frozen = new FreezableClock();
    const changes: string[] = [];
    const self = { ...make('b').self, instance: 'a' };
    const service = new MembershipService<MemberHeartbeat>({ bus, clock: frozen, log: silentLog }, () => self);
    service.onChange((change) => changes.push(change.kind));
    service.start();
    await frozen.clock.advance(1_500);
    bus.publish(subjects.alive('b'), { ...self, instance: 'b' });
    await frozen.clock.advance(500);
    changes.length = 0;
    frozen.freeze();
    await frozen.clock.advance(20_000);
    frozen.thaw();
    await frozen.clock.advance(100);
    expect(changes).toEqual(['paused']);
    await frozen.clock.advance(4_000);
    expect(changes).toEqual(['paused', 'down']);
  });

  it('says so when two processes use one name', async () => {
    const { clock, make, errors } = stand();
    make('a', { bootEpoch: 1 });
    make('a', { bootEpoch: 2 });
    await clock.advance(0);
    expect(errors[0]).toContain('give each its own application name');
  });
});

/** Timers that come due while it is frozen fire when it thaws, as those of a stopped process do. */
class FreezableClock {
  readonly clock = new VirtualClock();
  #frozen = false;
  #due: (() => void)[] = [];

  nowMs(): number {
    return this.clock.nowMs();
  }

  setTimer(delayMs: number, fire: () => void) {
    return this.clock.setTimer(delayMs, () => (this.#frozen ? void this.#due.push(fire) : fire()));
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    for (const fire of this.#due.splice(0)) fire();
  }
}
