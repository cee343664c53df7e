/** The composition root in Nest's terms: the one place of this tier that names concrete drivers. */
import { readFileSync } from 'node:fs';
import { type DynamicModule, Module } from '@nestjs/common';
import { LimitsRepository } from '#limits-store';
import { SipResolver, type SipTransport, type TransportName } from '#sip';
import { NameserverLookup, parseNameserver, SocketIdleLines, SocketTransport, systemNameservers, type TlsOptions } from '#sip/transport';
import { type LimiterStore, type LocationStore, MemoryLimiterStore, MemoryLocationStore } from '#store';
import type { TierPorts } from '#tier';
import { FloodGuard } from './machines/flood-guard.js';
import { BindingKeeper } from './machines/location-keeper.js';
import type { CallLimits } from './services/limit-rules.js';
import { BusVerdictSink } from './services/verdict-sink.js';
import type { ProxySettings } from './settings.js';
import { SipProxyCore } from './sip-proxy-core.js';

export const SIP_TRANSPORT = Symbol('SipTransport');
export const LOCATION_STORE = Symbol('LocationStore');
export const LIMITER_STORE = Symbol('LimiterStore');

/** A proxy listens when it has its rules, or after so long: a data centre that is cut off, or JetStream away, must not keep it from calls. */
const RULES_MS = 5_000;

@Module({})
export class SipProxyModule {
  static over(settings: ProxySettings, ports: TierPorts): DynamicModule {
    return {
      module: SipProxyModule,
      providers: [
        { provide: FloodGuard, useFactory: () => new FloodGuard(settings.flood) },
        { provide: LimitsRepository, useFactory: () => readLimits(settings, ports) },
        { provide: SIP_TRANSPORT, inject: [FloodGuard, LimitsRepository], useFactory: (guard: FloodGuard) => openTransport(settings, ports, guard) },
        { provide: BindingKeeper, useFactory: () => new BindingKeeper(settings.name) },
        { provide: LOCATION_STORE, inject: [BindingKeeper], useFactory: (keeper: BindingKeeper) => openLocation(settings, ports, keeper) },
        { provide: SipResolver, useFactory: () => makeResolver(settings, ports) },
        { provide: LIMITER_STORE, useFactory: () => openLimiter(settings, ports) },
        {
          provide: SipProxyCore,
          inject: [SIP_TRANSPORT, LOCATION_STORE, SipResolver, BindingKeeper, FloodGuard, LimitsRepository, LIMITER_STORE],
          useFactory: (
            transport: SipTransport, location: LocationStore, resolver: SipResolver, keeper: BindingKeeper, guard: FloodGuard, limits: LimitsRepository,
            store: LimiterStore,
          ) => new SipProxyCore(settings, {
            ...ports, transport, location, resolver, keeper, guard, limits,
            callLimits: { rules: limits, store, ...sinkOf(settings, ports) }, lines: new SocketIdleLines(),
          }),
        },
      ],
    };
  }
}

async function readLimits(settings: ProxySettings, ports: TierPorts): Promise<LimitsRepository> {
  const limits = new LimitsRepository(settings, ports);
  await limits.ready(RULES_MS);
  return limits;
}

async function openLocation({ name, dataCentre }: ProxySettings, { stores, clock }: TierPorts, keeper: BindingKeeper): Promise<LocationStore> {
  return await stores?.location({ name, dataCentre, keeper }) ?? new MemoryLocationStore(clock);
}

function sinkOf({ hasRecorder, dataCentre }: ProxySettings, ports: TierPorts): Pick<CallLimits, 'sink'> {
  return hasRecorder ? { sink: new BusVerdictSink(ports, dataCentre) } : {};
}

async function openLimiter({ dataCentre }: ProxySettings, { stores, clock }: TierPorts): Promise<LimiterStore> {
  return await stores?.limiter(dataCentre) ?? new MemoryLimiterStore(clock);
}

/** UDP and TCP on one port (PRX-18, PRX-19), TLS on its own. */
function openTransport(settings: ProxySettings, ports: TierPorts, guard: FloodGuard): Promise<SocketTransport> {
  const { host, sipPort, sipsPort } = settings;
  const plain = [{ transport: 'udp', host, port: sipPort }, { transport: 'tcp', host, port: sipPort }] as const;
  const secure = sipsPort === undefined ? [] : [{ transport: 'tls', host, port: sipsPort } as const];
  const tls = readCertificates(settings);
  const { clock, log, meter } = ports;
  return SocketTransport.listen(
    // Session controllers recognise trunks by the true source in the Via (docs/specs/sip-routing.md).
    { listen: [...plain, ...secure], stamp: 'always', ...(tls === undefined ? {} : { tls }) },
    { clock, log, meter, network: ports.sipNetwork, admits: (host) => guard.admits(host, clock.nowMs()) },
  );
}

/** @throws Error with the option that is missing, or the file that cannot be read */
function readCertificates({ name, sipsPort, certificateFiles: { cert, key, ca } }: ProxySettings): TlsOptions | undefined {
  if (sipsPort !== undefined && (cert === undefined || key === undefined)) {
    throw new Error(`'${name}' has a sips port: set the options certificate and certificate-key to its PEM files`);
  }
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  return {
    ...(cert === undefined ? {} : { cert: readFileSync(cert, 'utf8') }),
    ...(key === undefined ? {} : { key: readFileSync(key, 'utf8') }),
    ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
  };
}

function makeResolver({ nameservers, host }: ProxySettings, { clock, entropy, meter }: TierPorts): SipResolver {
  const servers = nameservers.length > 0 ? nameservers.map(parseNameserver) : systemNameservers();
  const transports: readonly TransportName[] = ['udp', 'tcp', 'tls'];
  const dns = new NameserverLookup({ servers }, { clock, entropy });
  return new SipResolver({ dns, clock, entropy, meter }, { transports, ipv6: host.includes(':') });
}
