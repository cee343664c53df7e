/** Starts the tier in a process: sockets for SIP, T-Library ports, and the core between them. */
import 'reflect-metadata';
import type { DynamicModule, INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { Application, ClusterConfig } from '#config';
import type { SipTransport } from '#sip';
import { SocketTransport } from '#sip/transport';
import { FencedSip, type Listening, type RunningTier, type StartTier, type TierPorts, type TlibPortKind, tlibServerOptions } from '#tier';
import { type TlibServerEvents, TlibStrategy } from '#tlib/server';
import { SessionControllerCore } from './session-controller-core.js';
import { SessionControllerModule } from './session-controller.module.js';

interface TlibPort extends TlibPortKind {
  readonly id: 'default' | 'IPport';
  readonly module: DynamicModule;
  readonly lifecycle: Omit<TlibServerEvents, 'onRequest'>;
}

interface OpenPort {
  readonly service: INestMicroservice;
  readonly listening: Listening;
}

export const startSessionController: StartTier = async (config, application, ports) => {
  const transport = await openSip(application, ports);
  const limiter = await ports.stores?.limiter(application.geoLocation);
  const core = new SessionControllerCore(config, application, { ...ports, limiter, transport: fenced(transport, ports) });
  const open: OpenPort[] = [];
  const close = async (): Promise<void> => {
    await closeAll(open, core, transport);
    await limiter?.close();
  };
  try {
    for (const port of tlibPorts(core)) {
      if (application.ports.has(port.id)) open.push(await openTlib(port, config, application, ports));
    }
  } catch (error) {
    await close();
    throw error;
  }
  core.start();
  return runningTier(core, transport, open, close);
};

/** What SIP goes through; the sockets are those of `transport`. */
function fenced(transport: SocketTransport, { fence, meter }: TierPorts): SipTransport {
  return fence === undefined ? transport : new FencedSip(transport, fence, meter);
}

function runningTier(core: SessionControllerCore, transport: SocketTransport, open: readonly OpenPort[], close: () => Promise<void>): RunningTier {
  return {
    instance: core.instance,
    listening: [...transport.listening.map((address): Listening => ({ id: 'sip', ...address })), ...open.map((port) => port.listening)],
    admin: core.admin,
    ready: () => core.ready(),
    drain: (deadlineMs) => core.drain(deadlineMs),
    close,
  };
}

async function closeAll(open: readonly OpenPort[], core: SessionControllerCore, transport: SocketTransport): Promise<void> {
  core.close();
  await Promise.all(open.map((port) => port.service.close()));
  await transport.close();
}

/** UDP and TCP on one port: proxies use TCP for what is too large for a datagram (PRX-18). */
async function openSip(application: Application, ports: TierPorts): Promise<SocketTransport> {
  const port = application.ports.get('sip');
  if (port === undefined) throw new Error(`application ${application.name} needs a port "sip": add it under ports`);
  return SocketTransport.listen({
    listen: [
      { transport: 'udp', host: application.host, port },
      { transport: 'tcp', host: application.host, port },
    ],
  }, { clock: ports.clock, log: ports.log, meter: ports.meter, network: ports.sipNetwork });
}

function tlibPorts(core: SessionControllerCore): readonly TlibPort[] {
  return [
    {
      id: 'default', role: 'SessionController', clientRoles: ['Standard'], module: SessionControllerModule.routing(core),
      lifecycle: {
        onOpened: (session) => core.clientConnected(session),
        onClosed: (session) => core.clientGone(session.id),
        info: () => core.info(),
      },
    },
    {
      id: 'IPport', role: 'InteractionProxy', clientRoles: ['InteractionProxy'], module: SessionControllerModule.reporting(core),
      lifecycle: {
        onOpened: (session) => core.reporting.clientJoined(session),
        onResumed: (session) => core.reporting.clientResumed(session.id),
        onClosed: (session) => core.reporting.clientGone(session.id),
        info: () => core.info(),
      },
    },
  ];
}

async function openTlib(port: TlibPort, config: ClusterConfig, application: Application, ports: TierPorts): Promise<OpenPort> {
  const strategy = new TlibStrategy(
    ports, tlibServerOptions(config, application, port), { host: application.host, port: application.ports.get(port.id) ?? 0 }, port.lifecycle,
  );
  const service = await NestFactory.createMicroservice<MicroserviceOptions>(port.module, { strategy, logger: false, abortOnError: false });
  try {
    await service.listen();
  } catch (error) {
    await strategy.close();
    throw error;
  }
  return { service, listening: { id: port.id, transport: 'tcp', host: application.host, port: strategy.port } };
}
