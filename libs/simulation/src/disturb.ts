/** Trouble by the seed: pauses, crashes and cuts among the nodes, and everything mended at the end. */
import type { World } from './world.js';

export type Trouble = 'pause' | 'crash' | 'cut';

export interface Disturbance {
  readonly forMs: number;
  /** Mean time between two troubles. */
  readonly everyMs: number;
  readonly kinds: readonly Trouble[];
  /** Nodes that may be hit. Default: all. */
  readonly nodes?: readonly string[];
  /** How long a pause or a cut lasts, and how long a crashed node stays away. */
  readonly lastsMsMax: number;
}

export async function disturb(world: World, disturbance: Disturbance): Promise<void> {
  const endMs = world.clock.nowMs() + disturbance.forMs;
  while (world.clock.nowMs() < endMs) {
    await world.advance(world.entropy.between(1, disturbance.everyMs * 2));
    await strike(world, disturbance);
  }
}

/** One trouble, and its end. Others may go on meanwhile only through the time that passes here. */
async function strike(world: World, { kinds, nodes = world.nodes, lastsMsMax }: Disturbance): Promise<void> {
  const victim = world.entropy.pick(nodes);
  const lastsMs = world.entropy.between(1, lastsMsMax);
  switch (world.entropy.pick(kinds)) {
    case 'pause':
      world.pause(victim);
      await world.advance(lastsMs);
      return world.resume(victim);
    case 'crash':
      world.crash(victim);
      await world.advance(lastsMs);
      return void await world.restart(victim);
    case 'cut':
      world.partition([victim], world.nodes.filter((name) => name !== victim));
      await world.advance(lastsMs);
      return world.heal();
  }
}
