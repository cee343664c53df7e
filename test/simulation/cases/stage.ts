/**
 * The small cluster in which single races are run a thousand times: one proxy, one node, the router, two agents. The call
 * goes to the first one, who has been idle longest; the second one takes whatever comes.
 */
import { PERFECT, type SeededEntropy, type World } from '#simulation';
import type { TEvent } from '#tlib';
import type { Desktop } from '../actors/desktop.js';
import type { Phone } from '../actors/phone.js';
import type { CallUser, UaCall, UserAgent } from '../actors/user-agent.js';
import { SimCluster } from '../cluster.js';
import { SERVED_POINT } from '../switch.js';
import { Watch } from '../watch.js';

export interface Caller {
  readonly call: UaCall;
  connectedMs: number | undefined;
  endedMs: number | undefined;
  how: Parameters<NonNullable<CallUser['ended']>>[0] | undefined;
  status: number;
}

/** All time-outs of SIP, the no-answer supervision and a rest of the router. */
const END_MS = 100_000;

export class Stage {
  /** Gets a line for each event that a client hears and each message between tiers. */
  static debug: ((line: string) => void) | undefined;
  readonly random: SeededEntropy;
  readonly first: Phone;
  readonly second: Phone;
  readonly atFirst: Desktop;
  readonly atSecond: Desktop;

  private constructor(readonly world: World, readonly cluster: SimCluster, readonly watch: Watch) {
    this.random = world.entropy.fork('case');
    [this.first, this.second] = cluster.phones as [Phone, Phone];
    [this.atFirst, this.atSecond] = cluster.desktops as [Desktop, Desktop];
  }

  /** Both agents ready; from now on the network is a bad one. `agents` beyond two are for callers inside. */
  static async set(world: World, agents = 2): Promise<Stage> {
    const cluster = await SimCluster.start(world, {
      proxies: 1, nodes: 1, agents, router: true, monitors: false, habits: { readyAgainMs: undefined },
    });
    const stage = new Stage(world, cluster, new Watch(cluster, Stage.debug));
    // So that the first agent has been idle longest.
    stage.atSecond.want('NotReady');
    await world.until(() => stage.atSecond.agent === 'NotReady');
    stage.atSecond.want('Ready');
    await world.until(() => stage.atSecond.agent === 'Ready');
    await world.advance(50);
    stage.second.plan = () => ({ kind: 'answer', ringMs: stage.smallMs(), answerMs: stage.smallMs() });
    world.network.setQuality({
      delayMsMin: 1, delayMsMax: stage.random.between(1, 80), loss: stage.random.between(0, 50) / 1_000, duplication: stage.random.between(0, 50) / 1_000,
    });
    return stage;
  }

  get nowMs(): number {
    return this.world.clock.nowMs();
  }

  smallMs(): number {
    return this.random.between(0, 300);
  }

  after(ms: number, what: () => void): void {
    this.world.clock.setTimer(ms, what);
  }

  /** The carrier calls the Routing Point. */
  call(user: CallUser = {}, ua: UserAgent = this.cluster.carrier): Caller {
    const caller: { -readonly [key in keyof Caller]: Caller[key] } = {
      call: undefined as unknown as UaCall, connectedMs: undefined, endedMs: undefined, how: undefined, status: 0,
    };
    caller.call = ua.call(SERVED_POINT, {
      ...user,
      connected: () => {
        caller.connectedMs = this.nowMs;
        user.connected?.();
      },
      ended: (how, status) => {
        caller.endedMs = this.nowMs;
        caller.how = how;
        caller.status = status;
      },
    });
    return caller;
  }

  /** Until neither a phone nor the switch has anything left of any call; then every invariant must hold. */
  async over(): Promise<void> {
    const { world, cluster } = this;
    await world.until(() => this.#idle(), END_MS);
    world.network.setQuality(PERFECT);
    // The last acknowledgements, and whatever the network still carries.
    await world.advance(5_000);
    await world.until(() => this.#idle() && cluster.proxies.every(({ meter }) => meter.value('proxy_pending_requests') === 0), END_MS);
    await this.watch.atQuiet();
  }

  /** What the desktop of that DN was told since the stage was set, without what opens it. */
  eventsAt(desktop: Desktop): TEvent[] {
    const ready = desktop.events.findIndex((event) => event.msg === 'EventAgentReady');
    return desktop.events.slice(ready + 1);
  }

  namesAt(desktop: Desktop): string[] {
    return this.eventsAt(desktop).map((event) => event.msg);
  }

  #idle(): boolean {
    const { carrier, phones, nodes, routers, vqs } = this.cluster;
    return [carrier, ...phones.map((phone) => phone.ua)].every((ua) => ua.liveCalls.length === 0 && ua.pendingInvites === 0)
      && nodes.every(({ sc, scMeter }) => sc.calls === 0 && scMeter.value('sc_legs') === 0)
      && routers.every(({ router }) => router.waiting === 0) && vqs.every(({ meter }) => meter.value('reservations') === 0);
  }
}

/** Throws with a sentence, which the history's ladder follows. */
export function expectThat(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
