import { MemoryKeyValueStore } from '#cluster';
import { VirtualClock } from '#simulation';
import { LateKeyValues } from './late.fixture.js';
import { ANN, inputOf, LimitsWorld } from './limits.fixture.js';

describe('a process that takes calls', () => {
  let world: LimitsWorld;
  let keyValues: LateKeyValues;
  beforeEach(() => {
    keyValues = new LateKeyValues(new MemoryKeyValueStore(new VirtualClock()));
    world = new LimitsWorld(keyValues);
  });
  afterEach(() => world.close());

  it('is ready when it has the rules, not before', async () => {
    const { changes } = world.console('dc1', 1);
    await world.quiet();
    await world.done(changes.putRule(ANN, { id: 'r1', input: () => inputOf({ limit: 5 }) }));
    const started = world.repository('dc2');
    expect(started.table.size).toBe(0);
    await world.done(started.ready(5_000));
    expect(started.table.rule('r1')?.limit).toBe(5);
  });

  it.each([['cannot be read', 'isAway'], ['tell nothing', 'isLate']] as const)('does not wait longer than it is told for buckets that %s', async (_what, trouble) => {
    keyValues[trouble] = true;
    const fromMs = world.clock.nowMs();
    await world.done(world.repository('dc1').ready(5_000));
    expect(world.clock.nowMs() - fromMs).toBeLessThanOrEqual(5_010);
  });
});
