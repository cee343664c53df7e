/** The tiers as processes of a world: the real cores over simulated ports. A node runs three of them in one process, as `npm start` does. */
import { MembershipService } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import { CountingMeter } from '#kernel';
import { type DnsLookup, SipResolver } from '#sip';
import { SimIdleLines, type SimPair, type SimPorts, type SimProcess, type StartSimProcess } from '#simulation';
import { LimitsRepository } from '#limits-store';
import type { RuleTable } from '#limits';
import { type LimiterStore, LimitsTeller, MemoryLocationStore } from '#store';
import type { CallVerdict, Heartbeat } from '#telephony';
import type { TRequest } from '#tlib';
import type { TlibAddress } from '#tlib/client';
import { TlibError } from '#tlib/server';
import { Router } from '../../apps/router/src/router.js';
import { SessionControllerCore } from '../../apps/session-controller/src/session-controller-core.js';
import { type ProxySettings, proxySettings } from '../../apps/sip-proxy/src/settings.js';
import { SipProxyCore } from '../../apps/sip-proxy/src/sip-proxy-core.js';
import { SmartProxyCore } from '../../apps/smart-proxy/src/smart-proxy-core.js';
import { TControllerCore } from '../../apps/t-controller/src/t-controller-core.js';
import { VqSlots } from '../../apps/vq-server/src/services/vq-slots.js';
import { type VqClient, VqServerCore } from '../../apps/vq-server/src/vq-core.js';
import { addressOf, SimTlibClient } from './actors/tlib-client.js';
import { TlibPort } from './actors/tlib-port.js';
import { reader } from './actors/user-agent.js';

export interface ProxyProcess extends SimProcess {
  readonly core: SipProxyCore;
  readonly location: MemoryLocationStore;
  readonly meter: CountingMeter;
}

export interface NodeProcess extends SimProcess {
  readonly name: string;
  readonly sc: SessionControllerCore;
  readonly tc: TControllerCore;
  readonly smartProxy: SmartProxyCore;
  readonly scMeter: CountingMeter;
}

export interface VqProcess extends SimProcess {
  readonly core: VqServerCore;
  readonly meter: CountingMeter;
}

export interface RouterProcess extends SimProcess {
  readonly router: Router;
}

/** Present where call limits are simulated. */
export interface SimCallLimits {
  store(ports: SimPorts): LimiterStore;
  /** A proxy has these rules from now on. */
  rules(proxy: string, rules: RuleTable): void;
  verdict(proxy: string, verdict: CallVerdict): void;
}

/** Names are addresses here. */
const noDns: DnsLookup = {
  a: (_name, done) => done({ kind: 'none', ttlS: 60 }),
  aaaa: (_name, done) => done({ kind: 'none', ttlS: 60 }),
  srv: (_name, done) => done({ kind: 'none', ttlS: 60 }),
  naptr: (_name, done) => done({ kind: 'none', ttlS: 60 }),
};

function sipTransport(ports: SimPorts, { host, ports: numbers }: Application) {
  const port = numbers.get('sip') as number;
  return ports.sip.listen(ports.node, [{ transport: 'udp', host, port }, { transport: 'tcp', host, port }], reader);
}

const portAddress = ({ host, ports }: Application, id: string): string => addressOf({ host, port: ports.get(id) as number });

export function proxyProcess(config: ClusterConfig, application: Application, limits?: SimCallLimits): StartSimProcess<ProxyProcess> {
  return (ports) => {
    const { clock, entropy, meter } = ports;
    const settings = proxySettings(config, application);
    const counting = limits && countingProxy(ports, settings, limits);
    const location = new MemoryLocationStore(clock);
    const resolver = new SipResolver({ dns: noDns, clock, entropy, meter });
    const transport = sipTransport(ports, application);
    const core = new SipProxyCore(settings, {
      ...ports, transport, location, resolver, ...counting, lines: new SimIdleLines(ports.sip, ports.node),
    });
    core.start();
    return {
      core, location, meter,
      close: () => {
        core.close();
        counting?.limits.close();
        void counting?.callLimits.store.close();
      },
    };
  };
}

function countingProxy(ports: SimPorts, { name, dataCentre, dataCentres }: ProxySettings, given: SimCallLimits) {
  const limits = new LimitsRepository({ dataCentre, dataCentres }, ports);
  limits.start();
  limits.watch((rules) => given.rules(name, rules));
  const sink = { tell: (verdict: CallVerdict) => given.verdict(name, verdict), close: () => {} };
  return { limits, callLimits: { rules: limits, store: given.store(ports), sink } };
}

/** `pair`: what the node goes on from when it is started again, as its other half would. */
export function nodeProcess(config: ClusterConfig, application: Application, pair?: SimPair, limits?: SimCallLimits): StartSimProcess<NodeProcess> {
  return (simPorts) => {
    const limiter = limits?.store(simPorts);
    const ports = { ...simPorts, limiter, ...pair?.nextTerm(simPorts.clock.nowMs()) };
    const { name } = application;
    const scMeter = new CountingMeter();
    const sc = new SessionControllerCore(config, application, { ...ports, meter: scMeter, transport: sipTransport(ports, application) });
    const routing = new TlibPort(ports, portAddress(application, 'default'), `${name}/sc`, 'SessionController', {
      onOpened: (session) => sc.clientConnected(session),
      onRequest: (session, request) => sc.routingPort.onRequest(session, request),
      onClosed: (session) => sc.clientGone(session.id),
    });
    const tc = new TControllerCore(config, application, { ...ports, meter: new CountingMeter() }, (event, sessions, requester, referenceID) =>
      desktops.fanOut(event, sessions, requester, referenceID));
    const desktops: TlibPort = new TlibPort(ports, portAddress(application, 'TCport'), `${name}/tc`, 'TController', {
      onRequest: (session, request) => tc.request(session, request),
      onClosed: (session) => tc.closed(session),
    });
    const smartProxy = new SmartProxyCore(config, application, { ...ports, meter: new CountingMeter() }, (event, sessions) =>
      monitors.fanOut(event, sessions));
    const monitors: TlibPort = new TlibPort(ports, portAddress(application, 'SmartProxy'), `${name}/sp`, 'SmartProxy', {
      onRequest: (session, request) => smartProxy.request(session, request),
      onClosed: (session) => smartProxy.closed(session),
    });
    tc.start();
    sc.start();
    smartProxy.start();
    return {
      name, sc, tc, smartProxy, scMeter,
      close: () => {
        smartProxy.close();
        sc.close();
        tc.close();
        for (const port of [routing, desktops, monitors]) port.close();
        void limiter?.close();
      },
    };
  };
}

export function vqProcess(config: ClusterConfig, application: Application, limits?: SimCallLimits): StartSimProcess<VqProcess> {
  return (ports) => {
    const { meter } = ports;
    const limiter = limits?.store(ports);
    const options = new OptionLookup(config, application);
    const slots = new VqSlots(limiter && ((gone) => new LimitsTeller({ ...ports, store: limiter }, {
      by: `vq-server/${application.name}`, tier: 'vq-server', leaseMs: options.number('limiter-lease') * 1_000, gone,
    })));
    const identity = { switchName: config.switchName, geoLocation: application.geoLocation };
    const core = new VqServerCore(config, options, { ...ports, slots }, identity);
    const port = new TlibPort(ports, portAddress(application, 'default'), application.name, 'VirtualQueue', {
      onOpened: (session) => core.opened(session),
      onRequest: (session, request) => vqRequest(core, session, request),
      onClosed: (session) => core.closed(session),
    });
    const member = beat(ports, application, 'vq-server', () => port.clients);
    return {
      core, meter,
      close: () => {
        member.close();
        core.close();
        port.close();
        void limiter?.close();
      },
    };
  };
}

/** What the Nest controller of that tier does. */
function vqRequest(core: VqServerCore, client: VqClient, request: TRequest): void {
  const refuse = (code: number, message: string): never => {
    throw new TlibError(code, message);
  };
  switch (request.msg) {
    case 'RequestRegisterAddress': return core.register(client, request, refuse);
    case 'RequestUnregisterAddress': return core.unregister(client, request, refuse);
    case 'RequestReserveAgent': return core.reserve(client, request, refuse);
    case 'RequestSendEvent': return core.sendEvent(client, request, refuse);
    case 'RequestQueryAddress': return core.queryAddress(client, request, refuse);
    default: return refuse(51, `${request.msg} is not served here`);
  }
}

export function routerProcess(config: ClusterConfig, application: Application): StartSimProcess<RouterProcess> {
  return async (ports) => {
    const options = new OptionLookup(config, application);
    const skill = options.text('skill');
    const local = config.applications.filter((other) => other.geoLocation === application.geoLocation);
    const at = (type: Application['type'], id: string) => local.filter((other) => other.type === type)
      .map(({ name, host, ports: numbers }) => ({ name, addresses: [{ host, port: numbers.get(id) as number }] }));
    const router = new Router({
      routingPoints: application.routingPoints,
      agentDNs: [...config.dns.values()].filter((dn) => dn.type === 'Extension').map((dn) => dn.number),
      virtualQueue: options.text('virtual-queue'),
      priority: options.number('reservation-priority'),
      maxWaitMs: options.number('max-wait') * 1000,
      hasSkill: (agentID) => (config.persons.get(agentID)?.skills.get(skill) ?? 0) > 0,
      servers: at('sip-server', 'default'),
      smartProxy: at('sip-server', 'SmartProxy')[0]?.addresses ?? [],
      vqServer: at('vq-server', 'default')[0]?.addresses ?? [],
    }, {
      clock: ports.clock, log: ports.log,
      makeClient: ([address], timeoutMs) => new SimTlibClient(ports, addressOf(address as TlibAddress), application.name, timeoutMs),
    });
    await router.start();
    const member = beat(ports, application, 'router', () => router.waiting);
    return {
      router,
      close: () => {
        member.close();
        router.close();
      },
    };
  };
}

function beat(ports: SimPorts, { name, geoLocation }: Application, tier: Heartbeat['tier'], load: () => number): MembershipService<Heartbeat> {
  const bootEpoch = Math.floor(ports.clock.nowMs());
  const membership = new MembershipService<Heartbeat>(ports, () => ({
    instance: name, node: name, tier, dataCentre: geoLocation, role: 'primary', bootEpoch, draining: false, load: load(),
  }));
  membership.start();
  return membership;
}
