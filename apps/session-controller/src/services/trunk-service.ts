/** Runs the check of every trunk: OPTIONS by way of the proxy, timers, and what operators see (SC-35). */
import type { ClusterConfig } from '#config';
import { type Clock, type Entropy, type Log, type Meter, type Timer, unreachable } from '#kernel';
import { makeRequest, type SipRequest, type Target } from '#sip';
import { bareContact } from '#telephony';
import type { SipSender } from '../legs/sip-sender.js';
import { TrunkCheck, type TrunkCheckEffect, type TrunkCheckInput, type TrunkHealth, type TrunkTimer } from '../machines/trunk-check.js';
import type { ProxyCheck } from './proxy-check.js';

export interface TrunkServicePorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Log;
  readonly meter: Meter;
  readonly sender: SipSender;
  option(name: string, dn: string): string;
  readonly proxyCheck: Pick<ProxyCheck, 'ask'>;
  /** Whether any proxy is heard: without one, silence says nothing about a trunk. */
  proxyAlive(): boolean;
  readonly accessPoint: string;
  readonly contact: string;
}

export interface TrunkView extends TrunkHealth {
  readonly trunk: string;
  readonly contact: string;
  readonly prefix: string;
  readonly priority: number;
}

interface Trunk {
  readonly name: string;
  readonly uri: string;
  readonly check: TrunkCheck;
  readonly timers: Map<TrunkTimer, Timer>;
  /** That the latest probe went to. */
  proxy: Target | undefined;
}

export class TrunkService {
  readonly #trunks = new Map<string, Trunk>();
  readonly #effects: TrunkCheckEffect[] = [];

  constructor(config: ClusterConfig, private readonly ports: TrunkServicePorts) {
    for (const dn of config.dns.values()) {
      const contact = dn.options.get('contact');
      if (dn.type !== 'Trunk' || contact === undefined) continue;
      this.#trunks.set(dn.number, {
        name: dn.number, uri: bareContact(contact), check: new TrunkCheck(this.#settings(dn.number)), timers: new Map(), proxy: undefined,
      });
      ports.meter.gauge('sc_trunk_in_service', 'Whether the trunk takes calls', () => (this.inService(dn.number) ? 1 : 0), {
        trunk: dn.number,
      });
    }
  }

  start(): void {
    const nowMs = this.ports.clock.nowMs();
    for (const trunk of this.#trunks.values()) this.#run(trunk, { kind: 'start', nowMs });
  }

  /** A trunk without a contact never is. */
  inService(name: string): boolean {
    return this.#trunks.get(name)?.check.inService ?? false;
  }

  list(): TrunkView[] {
    return Array.from(this.#trunks.values(), (trunk) => ({
      trunk: trunk.name, contact: trunk.uri, prefix: this.ports.option('prefix', trunk.name),
      priority: Number(this.ports.option('priority', trunk.name)), ...trunk.check.health,
    }));
  }

  close(): void {
    for (const { timers } of this.#trunks.values()) for (const timer of timers.values()) timer.cancel();
  }

  #settings(trunk: string) {
    const seconds = (name: string): number => Number(this.ports.option(name, trunk));
    return {
      oosCheck: seconds('oos-check'), oosForce: seconds('oos-force'), recoveryTimeout: seconds('recovery-timeout'),
      oosErrorCheck: this.ports.option('oos-error-check', trunk) === 'true',
      recheck: this.ports.option('sipp-oos-recheck', trunk) === 'true',
    };
  }

  #run(trunk: Trunk, input: TrunkCheckInput): void {
    trunk.check.on(input, this.#effects);
    for (let effect = this.#effects.shift(); effect !== undefined; effect = this.#effects.shift()) {
      this.#perform(trunk, effect);
    }
  }

  #perform(trunk: Trunk, effect: TrunkCheckEffect): void {
    switch (effect.kind) {
      case 'sendOptions': return this.#ask(trunk, effect.probe);
      case 'checkProxy': return this.#checkProxy(trunk, effect.probe);
      case 'setTimer': return this.#setTimer(trunk, effect.timer, effect.delayMs);
      case 'clearTimer': return trunk.timers.get(effect.timer)?.cancel();
      case 'changed': return this.#tell(trunk, effect.inService, effect.reason);
      default: return unreachable(effect);
    }
  }

  #ask(trunk: Trunk, probe: number): void {
    const nowMs = (): number => this.ports.clock.nowMs();
    trunk.proxy = undefined;
    this.ports.sender.request(this.#options(trunk), {
      onSent: (proxy) => { trunk.proxy = proxy; },
      onResponse: ({ status }) => {
        if (status >= 200) this.#run(trunk, { kind: 'answer', probe, status, nowMs: nowMs() });
      },
      onFailure: (reason) => {
        if (this.ports.proxyAlive()) this.#run(trunk, { kind: 'noAnswer', probe, status: reason === 'timeout' ? 408 : 503, nowMs: nowMs() });
      },
    });
  }

  #checkProxy(trunk: Trunk, probe: number): void {
    const decided = (verdict: { readonly answers: boolean; readonly hasOther: boolean }): void =>
      this.#run(trunk, { kind: 'proxyChecked', probe, ...verdict, nowMs: this.ports.clock.nowMs() });
    if (trunk.proxy === undefined) this.ports.clock.setTimer(0, () => decided({ answers: false, hasOther: false }));
    else this.ports.proxyCheck.ask(trunk.proxy, decided);
  }

  #options(trunk: Trunk): SipRequest {
    const { accessPoint, contact, entropy } = this.ports;
    return makeRequest({
      method: 'OPTIONS',
      uri: trunk.uri,
      headers: [
        ['Max-Forwards', this.ports.option('oos-options-max-forwards', trunk.name)],
        ['From', `<sip:${accessPoint}>;tag=${entropy.hex(8)}`],
        ['To', `<${trunk.uri}>`],
        ['Call-ID', `${entropy.hex(24)}@${accessPoint}`],
        ['CSeq', '1 OPTIONS'],
        ['Contact', contact],
        ['Accept', 'application/sdp'],
      ],
    });
  }

  #setTimer(trunk: Trunk, timer: TrunkTimer, delayMs: number): void {
    trunk.timers.get(timer)?.cancel();
    trunk.timers.set(timer, this.ports.clock.setTimer(delayMs, () => this.#fired(trunk, timer)));
  }

  /** PRX-22: when no proxy is heard, the silence is ours. The trunk is asked again instead of being given up. */
  #fired(trunk: Trunk, timer: TrunkTimer): void {
    const fair = timer === 'probe' || this.ports.proxyAlive();
    this.#run(trunk, { kind: 'timer', timer: fair ? timer : 'probe', nowMs: this.ports.clock.nowMs() });
  }

  #tell(trunk: Trunk, inService: boolean, reason: string): void {
    const fields = { trunk: trunk.name, contact: trunk.uri, reason };
    if (inService) this.ports.log.info('trunk back in service', fields);
    else this.ports.log.warn('trunk out of service', fields);
  }
}
