/** For specs: a switch with phones 7001-7004, Routing Points 5000 and 5001, and trunks T1 and T2 for numbers that begin with 0. */
import type { CallEnvironment, CallOrigin, Destination } from './call.types.js';

export const DEFAULTS: Readonly<Record<string, string>> = {
  'router-timeout': '10', 'after-routing-timeout': '18', 'after-routing-timeout-action': 'none', 'divert-on-ringing': 'false',
  'default-dn': '', 'default-redirection-limit': '4', 'agent-no-answer-timeout': '12', 'agent-no-answer-action': 'notready',
  'agent-no-answer-overflow': '', 'extn-no-answer-timeout': '0', 'extn-no-answer-overflow': '', 'nas-private': 'false',
  'set-notready-on-busy': 'true', 'sip-invite-timeout': '32', 'user-data-limit': '65536', 'sip-cti-control': 'talk,hold',
  'sip-error-conversion': '', 'wrap-up-time': '0',
};

/** Options may be given for one DN as `option@dn`. */
export class TestSwitch implements CallEnvironment {
  readonly node = 'SIPS_dc1_1';
  readonly geoLocation = 'dc1';
  /** Routers of each Routing Point; one by default. */
  readonly routerCounts = new Map<string, number>();
  readonly agents = new Map<string, string>();

  constructor(readonly options: Readonly<Record<string, string>> = {}) {}

  resolve(dialled: string, _from: CallOrigin): Destination {
    if (/^700\d$/.test(dialled)) return { kind: 'device', dn: dialled, uri: `sip:${dialled}@sip.test` };
    if (/^500\d$/.test(dialled)) return { kind: 'routingPoint', dn: dialled };
    if (!dialled.startsWith('0')) return { kind: 'nowhere', status: 404, reason: 'Not Found', code: 71, message: `${dialled} is unknown` };
    const uri = (trunk: string): string => `sip:${dialled}@${trunk}.test`;
    return { kind: 'trunk', trunk: 'T1', number: dialled, uri: uri('t1'), alternatives: [{ trunk: 'T2', uri: uri('t2') }] };
  }

  option(name: string, dn?: string): string {
    const value = this.options[`${name}@${dn}`] ?? this.options[name] ?? DEFAULTS[name];
    if (value === undefined) throw new Error(`the call asks for option ${name}, which no test knows`);
    return value;
  }

  routers(routingPoint: string): number {
    return this.routerCounts.get(routingPoint) ?? 1;
  }

  dnType(name: string): 'Extension' | 'RoutingPoint' | 'Trunk' | undefined {
    if (/^T\d$/.test(name)) return 'Trunk';
    if (/^700\d$/.test(name)) return 'Extension';
    return /^500\d$/.test(name) ? 'RoutingPoint' : undefined;
  }

  agentDN(agentID: string): string | undefined {
    return this.agents.get(agentID);
  }
}

/** A session description of the given end, its version, and whether it holds. */
export function sdpOf(end: string, version = 1, direction = 'sendrecv'): string {
  return [
    'v=0', `o=${end} 1 ${version} IN IP4 192.0.2.1`, 's=-', 'c=IN IP4 192.0.2.1', 't=0 0', 'm=audio 4000 RTP/AVP 0 101',
    'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', `a=${direction}`, '',
  ].join('\r\n');
}
