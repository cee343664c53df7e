/** What people do meanwhile: agents at their desktops, phones that leave and come back, desktops that are closed and opened. */
import type { SeededEntropy } from '#simulation';
import type { TEvent } from '#tlib';
import type { Desktop } from './actors/desktop.js';
import type { SimCluster } from './cluster.js';
import { SERVED_POINT } from './switch.js';

const STARTS: ReadonlySet<string> = new Set(['EventRinging', 'EventDialing', 'EventEstablished']);
const ENDS: ReadonlySet<string> = new Set(['EventReleased', 'EventAbandoned']);

export class Restless {
  /** ConnIDs of the calls of each desktop's DN, as it was told. */
  readonly #calls = new Map<Desktop, Set<string>>();

  constructor(private readonly cluster: SimCluster, private readonly random: SeededEntropy) {
    for (const desktop of cluster.desktops) {
      const calls = new Set<string>();
      this.#calls.set(desktop, calls);
      desktop.client.on('*', (event) => follow(calls, event));
    }
  }

  until(untilMs: number): void {
    const { clock } = this.cluster.world;
    const waitMs = this.random.between(100, 6_000);
    // What is begun here is over before the story is.
    if (clock.nowMs() + waitMs >= untilMs - 20_000) return;
    clock.setTimer(waitMs, () => {
      this.#act(this.random.pick(this.cluster.desktops));
      this.until(untilMs);
    });
  }

  #act(desktop: Desktop): void {
    const [connID] = this.#calls.get(desktop) ?? [];
    if (connID === undefined) this.#idle(desktop);
    else this.#inCall(desktop, connID);
  }

  #idle(desktop: Desktop): void {
    const { random } = this;
    const { clock } = this.cluster.world;
    const awayMs = random.between(500, 15_000);
    switch (random.between(0, 5)) {
      case 0:
        desktop.want('NotReady');
        return void clock.setTimer(awayMs, () => desktop.want('Ready'));
      case 1:
        desktop.want('LoggedOut');
        return void clock.setTimer(awayMs, () => desktop.want('Ready'));
      case 2: {
        const phone = this.cluster.phone(desktop.dn);
        phone.unregister();
        return void clock.setTimer(awayMs, () => phone.register());
      }
      case 3: return this.#ask(desktop, 'RequestMakeCall', { OtherDN: random.chance(0.3) ? SERVED_POINT : this.#another(desktop) });
      case 4: return desktop.client.reset();
      default: return this.#ask(desktop, 'RequestSetDNDOff', {});
    }
  }

  #inCall(desktop: Desktop, connID: string): void {
    const { random } = this;
    switch (random.between(0, 6)) {
      case 0: return this.#ask(desktop, 'RequestAnswerCall', { ConnID: connID });
      case 1: return this.#ask(desktop, 'RequestReleaseCall', { ConnID: connID });
      case 2: case 3:
        this.#ask(desktop, 'RequestHoldCall', { ConnID: connID });
        return void this.cluster.world.clock.setTimer(random.between(0, 6_000), () => this.#ask(desktop, 'RequestRetrieveCall', { ConnID: connID }));
      case 4: return this.#ask(desktop, 'RequestSingleStepTransfer', { ConnID: connID, OtherDN: random.chance(0.3) ? SERVED_POINT : this.#another(desktop) });
      case 5: return this.#ask(desktop, 'RequestAttachUserData', { ConnID: connID, UserData: [['reason', String(random.between(1, 9))]] });
      default: return this.#ask(desktop, 'RequestAgentNotReady', {});
    }
  }

  /** Refusals are as good as events here: the checkers judge what comes of it. */
  #ask(desktop: Desktop, msg: string, more: Readonly<Record<string, string | readonly (readonly [string, string])[]>>): void {
    desktop.client.request(msg, { ThisDN: desktop.dn, ...more }).catch(() => {});
  }

  #another(desktop: Desktop): string {
    return this.random.pick(this.cluster.desktops.filter((other) => other !== desktop)).dn;
  }
}

function follow(calls: Set<string>, event: TEvent): void {
  const connID = event['ConnID'];
  if (typeof connID !== 'string') return;
  if (STARTS.has(event.msg)) calls.add(connID);
  if (ENDS.has(event.msg)) calls.delete(connID);
}
