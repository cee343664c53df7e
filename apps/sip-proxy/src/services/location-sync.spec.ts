import { MemoryBus, subjects } from '#cluster';
import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import { type LocationBinding, MemoryLocationStore } from '#store';
import { LocationSync } from './location-sync.js';

describe('the bindings of several proxies', () => {
  let clock: VirtualClock;
  let bus: MemoryBus;

  beforeEach(() => {
    clock = new VirtualClock();
    bus = new MemoryBus({ clock, log: silentLog, meter: new CountingMeter() });
  });

  const proxy = (name: string, dataCentre = 'dc1'): { sync: LocationSync; location: MemoryLocationStore } => {
    const location = new MemoryLocationStore(clock);
    const sync = new LocationSync({ bus, clock, location, log: silentLog, meter: new CountingMeter() }, name, dataCentre);
    sync.start();
    return { sync, location };
  };

  const binding = (more: Partial<LocationBinding> = {}): LocationBinding => ({
    contact: 'sip:7001@192.0.2.7', expiresAtMs: clock.nowMs() + 140_000, updatedAtMs: clock.nowMs(), callId: 'c', cseq: 1, q: 1,
    path: [], flow: 'udp:192.0.2.7:5060', node: 'p1', ...more,
  });

  const register = ({ sync, location }: ReturnType<typeof proxy>, aor: string, it = binding()): void => {
    location.put(aor, it);
    sync.tell({ kind: 'put', aor, binding: it });
  };

  it('are alike a moment after a registration, in every data centre', async () => {
    const [p1, p2, far] = [proxy('p1'), proxy('p2'), proxy('p3', 'dc2')];
    register(p1, '7001');
    await clock.advance(100);
    for (const { location } of [p1, p2, far]) expect(location.list('7001')).toHaveLength(1);
  });

  it('are not asked for where the store knew them', async () => {
    const p1 = proxy('p1');
    register(p1, '7001');
    const location = Object.assign(new MemoryLocationStore(clock), { isComplete: true });
    const cold = new LocationSync({ bus, clock, location, log: silentLog, meter: new CountingMeter() }, 'p2', 'dc1');
    cold.start();
    await clock.advance(100);
    let asked = 0;
    bus.subscribe(subjects.locationSnapshot('p1'), () => { asked += 1; });
    cold.peerAlive('p1', 'dc1');
    await clock.advance(100);
    expect(asked).toBe(0);
  });

  it('are alike at once when nothing else was told lately', async () => {
    const [p1, p2] = [proxy('p1'), proxy('p2')];
    register(p1, '7001');
    await clock.advance(1);
    expect(p2.location.list('7001')).toHaveLength(1);
    register(p1, '7002');
    await clock.advance(11);
    expect(p2.location.list('7002')).toHaveLength(1);
  });

  it('are alike after a removal, also when an older registration is heard after it', async () => {
    const [p1, p2] = [proxy('p1'), proxy('p2')];
    const old = binding();
    register(p1, '7001', old);
    await clock.advance(1_000);
    p1.sync.tell({ kind: 'gone', aor: '7001', contact: old.contact, atMs: clock.nowMs() });
    await clock.advance(100);
    expect(p2.location.list('7001')).toEqual([]);
    bus.publish(subjects.location('dc1'), { from: 'p1', changes: [{ kind: 'put', aor: '7001', binding: old }] });
    await clock.advance(100);
    expect(p2.location.list('7001')).toEqual([]);
  });

  it('travel together when many phones register at once', async () => {
    const [p1] = [proxy('p1'), proxy('p2')];
    let notices = 0;
    bus.subscribe(subjects.allLocations, () => (notices += 1));
    for (let i = 0; i < 250; i += 1) register(p1, String(7_000 + i));
    await clock.advance(100);
    // The first alone, then as many as a notice holds, then the rest.
    expect(notices).toBe(4);
  });

  it('are taken from a peer at the start, page by page', async () => {
    const p1 = proxy('p1');
    for (let i = 0; i < 1_234; i += 1) p1.location.put(String(10_000 + i), binding());
    const p2 = proxy('p2');
    p2.sync.peerAlive('p1', 'dc1');
    await clock.advance(100);
    expect(p2.location.size).toBe(1_234);
  });

  it('are taken from the next peer when the first one does not answer', async () => {
    const p1 = proxy('p1');
    p1.location.put('7001', binding());
    const p2 = proxy('p2');
    p2.sync.peerAlive('gone', 'dc1');
    p2.sync.peerAlive('p1', 'dc1');
    await clock.advance(100);
    expect(p2.location.size).toBe(1);
  });

  describe('of a data centre that was cut off', () => {
    const cut = async (far: ReturnType<typeof proxy>[]) => {
      const here = proxy('p1');
      here.sync.peerAlive('q1', 'dc2');
      await clock.advance(100);
      const asked: string[] = [];
      for (const [i, { location }] of far.entries()) {
        location.put('7001', binding({ node: `q${i + 1}` }));
        bus.subscribe(subjects.locationSnapshot(`q${i + 1}`), () => { asked.push(`q${i + 1}`); });
        here.sync.peerAway(`q${i + 1}`);
      }
      return { here, asked };
    };

    it('are taken from the first of its proxies that is back; the others of it know the same', async () => {
      const far = [proxy('q1', 'dc2'), proxy('q2', 'dc2'), proxy('q3', 'dc2')];
      for (const { sync } of far) sync.peerAlive('nobody else', 'dc2');
      far[1]!.sync.peerAlive('q1', 'dc2');
      far[2]!.sync.peerAlive('q1', 'dc2');
      await clock.advance(6_000);
      const { here, asked } = await cut(far);
      here.sync.peerAlive('q2', 'dc2');
      here.sync.peerAlive('q3', 'dc2');
      here.sync.peerAlive('q1', 'dc2');
      await clock.advance(100);
      expect(here.location.list('7001')).toHaveLength(1);
      // q3 and q1 came while q2 was asked.
      expect(asked).toEqual(['q2', 'q3']);
    });

    it('are asked of the next one when the first has just started itself, or does not answer', async () => {
      const { here, asked } = await cut([proxy('q1', 'dc2'), proxy('q2', 'dc2')]);
      here.sync.peerAway('gone');
      here.sync.peerAlive('gone', 'dc2');
      here.sync.peerAlive('q1', 'dc2');
      here.sync.peerAlive('q2', 'dc2');
      await clock.advance(6_000);
      expect(asked).toEqual(['q1', 'q2']);
    });

    it('are not asked for when it only said hello for the first time', async () => {
      const { here, asked } = await cut([proxy('q1', 'dc2')]);
      here.sync.peerAlive('q1', 'dc2');
      await clock.advance(100);
      here.sync.peerAlive('q1', 'dc2');
      await clock.advance(100);
      expect(asked).toEqual(['q1']);
    });
  });

  it('are told before the proxy closes', async () => {
    const [p1, p2] = [proxy('p1'), proxy('p2')];
    register(p1, '7001');
    p1.sync.close();
    await clock.advance(0);
    expect(p2.location.size).toBe(1);
  });
});
