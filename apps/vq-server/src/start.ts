/** Starts the virtual-queue server: its composition root. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { lifeOf, MembershipService, PRIMARY } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import type { Heartbeat } from '#telephony';
import { type RunningTier, type TierPorts, tlibServerOptions } from '#tier';
import { LimitsTeller } from '#store';
import { TlibStrategy } from '#tlib/server';
import { VqController } from './vq.controller.js';
import { VqSlots } from './services/vq-slots.js';
import { VqServerCore } from './vq-core.js';

@Module({})
class VqServerModule {}

export async function startVqServer(config: ClusterConfig, application: Application, ports: TierPorts): Promise<RunningTier> {
  const { name, host, geoLocation } = application;
  const wanted = application.ports.get('default');
  if (wanted === undefined) throw new Error(`application ${name} needs a port "default": add it under ports`);
  const options = new OptionLookup(config, application);
  const log = ports.log.with({ subsystem: 'vq-server', instance: name });
  const limiter = await ports.stores?.limiter(geoLocation);
  const slots = new VqSlots(limiter && ((gone) => new LimitsTeller({ ...ports, log, store: limiter }, {
    by: `vq-server/${name}`, tier: 'vq-server', leaseMs: options.number('limiter-lease') * 1_000, gone,
  })));
  const core = new VqServerCore(config, options, { ...ports, slots, replica: ports.replica?.('vq-server') }, { switchName: config.switchName, geoLocation });
  let draining = false;
  const serverOptions = tlibServerOptions(config, application, { role: 'VirtualQueue', clientRoles: ['Standard'] });
  const strategy = new TlibStrategy({ ...ports, log }, serverOptions, { host, port: wanted }, {
    onOpened: (session) => core.opened(session),
    onClosed: (session) => core.closed(session),
    info: () => ({ role: PRIMARY, draining: draining ? 1 : 0, reservations: core.reservations }),
  });
  const app = await NestFactory.createMicroservice({
    module: VqServerModule,
    controllers: [VqController],
    providers: [{ provide: VqServerCore, useValue: core }],
  }, { strategy, logger: false, abortOnError: false });
  await app.listen();
  const bootEpoch = Math.floor(ports.clock.nowMs());
  const membership = new MembershipService<Heartbeat>({ ...ports, log }, () => ({
    instance: name, node: name, tier: 'vq-server', dataCentre: geoLocation, role: PRIMARY, bootEpoch, draining,
    load: strategy.server.connectedClients, ...lifeOf(ports.pair),
  }));
  membership.start();
  return {
    instance: name,
    listening: [{ id: 'default', transport: 'tcp', host, port: strategy.port }],
    admin: { 'reservations list': () => ({ grants: core.grants() }), 'vq list': () => ({ queues: core.queues() }) },
    ready: () => !draining,
    drain: async () => {
      draining = true;
      membership.announce();
    },
    close: async () => {
      membership.close();
      core.close();
      await app.close();
      await limiter?.close();
    },
  };
}
