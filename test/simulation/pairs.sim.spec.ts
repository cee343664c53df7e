/** A node whose process crashes, up to three times, and whose other half goes on: calls, agents and callers who wait (docs/specs/pairs.md). */
import { runScenario, type World } from '#simulation';
import type { UaCall } from './actors/user-agent.js';
import { SimCluster } from './cluster.js';
import { SERVED_POINT } from './switch.js';
import { Watch } from './watch.js';

const SEEDS = 12;
const CALLS = 4;
/** Time for the other half to take over. */
const AWAY_MS = 1_500;

interface Made {
  readonly call: UaCall;
  connectedMs: number | undefined;
  ended: string | undefined;
}

async function crash(world: World): Promise<void> {
  const cluster = await SimCluster.start(world, {
    proxies: 2, nodes: 1, agents: 2, router: true, monitors: true, habits: { readyAgainMs: 1_000 }, paired: true,
  });
  const watch = new Watch(cluster);
  const random = world.entropy.fork('halves');
  for (const phone of cluster.phones) phone.plan = () => ({ kind: 'answer', ringMs: random.between(0, 300), answerMs: random.between(0, 300) });
  // Some are offered to agents, some talked to, some wait.
  const made = Array.from({ length: CALLS }, () => call(world, cluster));
  await world.advance(random.between(800, 4_000));
  const talking = made.filter(({ connectedMs }) => connectedMs !== undefined);
  for (let changes = random.between(1, 3); changes > 0; changes -= 1) {
    world.crash('N1');
    await world.advance(AWAY_MS);
    await world.restart('N1');
    await world.advance(random.between(1_000, 10_000));
  }
  await world.advance(8_000);
  for (const desktop of cluster.desktops) {
    expectThat(!desktop.events.some(({ msg }) => msg === 'EventAgentLogout'), `the agent of ${desktop.dn} was logged out`);
    expectThat(desktop.agent !== 'LoggedOut', `the desktop of ${desktop.dn} did not find its agent`);
  }
  expectThat(talking.every(({ ended }) => ended === undefined), `a call ended with the process: ${talking.map(({ ended }) => ended ?? 'lives').join()}`);
  // Those who waited are served when the agents are free: hold, transfer and BYE go to the other half.
  for (let left = CALLS; left > 0; left -= 1) {
    await world.until(() => made.some(({ connectedMs, ended }) => connectedMs !== undefined && ended === undefined), 60_000);
    made.find(({ connectedMs, ended }) => connectedMs !== undefined && ended === undefined)!.call.hangUp();
    await world.advance(3_000);
  }
  expectThat(made.every(({ ended }) => ended === 'byUs'), `not all were served: ${made.map(({ ended }) => ended ?? 'lives').join()}`);
  await world.advance(40_000);
  await watch.atQuiet();
}

function call(world: World, cluster: SimCluster): Made {
  const made: { -readonly [key in keyof Made]: Made[key] } = { call: undefined as unknown as UaCall, connectedMs: undefined, ended: undefined };
  made.call = cluster.carrier.call(SERVED_POINT, {
    connected: () => { made.connectedMs = world.clock.nowMs(); },
    ended: (how, status) => { made.ended = how === 'byUs' ? how : `${how} ${status}`; },
  });
  return made;
}

function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))('seed %i: no call and no agent is lost', async (seed) => {
  await runScenario(seed, crash);
}, 60_000);
