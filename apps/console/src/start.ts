/** Starts the console: the composition root of the operators' HTTP port. */
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MembershipService } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import type { Heartbeat } from '#telephony';
import { metricsText, type RunningTier, type TierPorts } from '#tier';
import { checkAccess, type HttpRequestView, isLoopback } from './access.js';
import { ApiController, CONSOLE_STATE, type ConsoleState } from './api.controller.js';
import { HistoryController } from './history.controller.js';
import { Operators } from './operators.js';

@Module({})
class ConsoleModule {}

interface HttpReply {
  status(code: number): { json(body: object): void };
}

export async function startConsole(config: ClusterConfig, application: Application, ports: TierPorts): Promise<RunningTier> {
  const apiKey = new OptionLookup(config, application).text('api-key');
  if (apiKey === '' && !isLoopback(application.host)) {
    throw new Error(`${application.name} would listen on ${application.host} for everyone: set its option api-key, or let it listen on 127.0.0.1`);
  }
  let draining = false;
  const bootEpoch = Math.floor(ports.clock.nowMs());
  const membership = new MembershipService<Heartbeat>(ports, () => ({
    instance: application.name, node: application.name, tier: 'console', dataCentre: application.geoLocation,
    role: 'primary', bootEpoch, draining, load: 0,
  }));
  const operators = new Operators(ports.bus, membership);
  const state: ConsoleState = { meter: { text: () => metricsText(ports.meter) }, ready: () => !draining && (ports.processReady?.() ?? true) };
  const app = await NestFactory.create({
    module: ConsoleModule,
    controllers: [ApiController, HistoryController],
    providers: [{ provide: Operators, useValue: operators }, { provide: CONSOLE_STATE, useValue: state }],
  }, { logger: false, abortOnError: false });
  app.use((request: HttpRequestView, reply: HttpReply, next: () => void) => {
    const refusal = checkAccess(request, apiKey);
    if (refusal === undefined) next();
    else reply.status(refusal.status).json({ message: refusal.message });
  });
  const port = await listen(app, application);
  membership.start();
  return {
    instance: application.name,
    listening: [{ id: 'http', transport: 'http', host: application.host, port }],
    admin: {},
    ready: () => !draining,
    drain: async () => {
      draining = true;
      membership.announce();
    },
    close: async () => {
      membership.close();
      await app.close();
    },
  };
}

async function listen(app: INestApplication, { name, host, ports }: Application): Promise<number> {
  const wanted = ports.get('http');
  if (wanted === undefined) throw new Error(`application ${name} needs a port "http": add it under ports`);
  try {
    await app.listen(wanted, host);
  } catch (cause) {
    throw new Error(`${name} cannot listen on ${host} port ${wanted}: is another server running there?`, { cause });
  }
  return (app.getHttpServer().address() as AddressInfo).port;
}
