import { type MemberHeartbeat, MembershipService } from '#cluster';
import { disturb } from './disturb.js';
import { runScenario, type Scenario, simTest } from './scenario.js';
import { HistoryFailed, type SimPorts, World } from './world.js';

interface Member {
  readonly service: MembershipService<MemberHeartbeat>;
  close(): void;
}

/** A process that only says that it lives. */
function startMember({ node, clock, bus, log }: SimPorts): Member {
  const bootEpoch = clock.nowMs();
  const service = new MembershipService<MemberHeartbeat>({ bus, clock, log }, () => ({
    instance: node.name, node: node.name, tier: 'router', dataCentre: 'dc1', role: 'primary', bootEpoch, draining: false, load: 0,
  }));
  service.start();
  return { service, close: () => service.close() };
}

const names = ['n1', 'n2', 'n3'];
const membersAt = (world: World, name: string): string[] =>
  (world.process(name) as Member).service.members().map(({ instance }) => instance).sort();

const trouble: Scenario = async (world) => {
  for (const name of names) await world.start(name, startMember);
  await disturb(world, { forMs: 60_000, everyMs: 4_000, kinds: ['pause', 'crash', 'cut'], lastsMsMax: 10_000 });
  await world.until(() => names.every((name) => membersAt(world, name).length === names.length), 10_000);
};

const bad = { quality: { delayMsMin: 1, delayMsMax: 80, loss: 0.05 } };

describe('World', () => {
  simTest('members find each other again after any trouble', trouble, bad);

  it('repeats a history from its seed, and makes another from another', async () => {
    const [first, again, other] = [
      await runScenario(11, trouble, bad), await runScenario(11, trouble, bad), await runScenario(12, trouble, bad),
    ];
    expect(again).toEqual(first);
    expect(other.traceHash).not.toBe(first.traceHash);
    expect(first.lines).toBeGreaterThan(200);
  });

  it('tells the seed and the ladder when an expectation fails', async () => {
    const failing = runScenario(7, async (world) => {
      await world.start('n1', startMember);
      await world.start('n2', startMember);
      await world.advance(2_000);
      throw new Error('not as expected');
    });
    await expect(failing).rejects.toThrow(HistoryFailed);
    await expect(failing).rejects.toThrow(/not as expected[^]*seed 7[^]*start n1\n[^]*start n2/);
  });

  it('checks invariants after every step', async () => {
    const world = new World(1);
    const steps: number[] = [];
    world.invariant('time is short', () => {
      steps.push(world.clock.nowMs());
      return steps.length > 3 ? 'it is over' : undefined;
    });
    for (let delayMs = 1; delayMs <= 5; delayMs += 1) world.clock.setTimer(delayMs, () => {});
    await expect(world.advance(10)).rejects.toThrow('invariant broken: time is short: it is over');
    expect(steps).toHaveLength(4);
  });

  it('fails when what is waited for does not come', async () => {
    await expect(new World(1).until(() => false, 50)).rejects.toThrow('did not come within 50 ms');
  });

  it('lets a process ask others before it runs', async () => {
    const world = new World(1);
    const process = await world.start('n1', async ({ keyValues }) => {
      const bucket = await keyValues.bucket('owners');
      const revision = await bucket.create('k', {});
      return { revision, close: () => {} };
    });
    expect(process.revision).toBe(1);
  });

  it('gives a restarted process new randomness, the same for the same seed', async () => {
    const draws = async (): Promise<string[]> => {
      const world = new World(5);
      const drawn: string[] = [];
      await world.start('n1', ({ entropy }) => (drawn.push(entropy.hex(8)), { close() {} }));
      world.crash('n1');
      await world.restart('n1');
      return drawn;
    };
    const [first, second] = await draws();
    expect(first).not.toBe(second);
    expect(await draws()).toEqual([first, second]);
  });
});
