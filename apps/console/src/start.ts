/** Starts the console: the composition root of the operators' HTTP port. */
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { MembershipService } from '#cluster';
import { type Application, type ClusterConfig, OptionLookup } from '#config';
import { LimitsChanges, LimitsRepository } from '#limits-store';
import type { Heartbeat } from '#telephony';
import { metricsText, type RunningTier, type TierPorts } from '#tier';
import { type AccessRules, checkAccess, type HttpRequestView, isLoopback, isRefusal, type Principal } from './access.js';
import { ApiController, CONSOLE_STATE, type ConsoleState } from './api.controller.js';
import { CLOCK } from './clock.js';
import { HistoryController } from './history.controller.js';
import { RefusalFilter } from './limits/answers.js';
import { LIMITS_CONTROLLERS } from './limits/controllers.js';
import { LimitsPart } from './limits/limits-part.js';
import { OpenApiController } from './limits/openapi.controller.js';
import { LIMITER_STORE } from './limits/usage.controller.js';
import { Operators } from './operators.js';

@Module({})
class ConsoleModule {}

interface HttpReply {
  status(code: number): { json(body: object): void };
}

/** Of a request, but for a file or a backup: those have a million entries. */
const BODY_MAX = '1mb';
const FILE_MAX = '256mb';

export async function startConsole(config: ClusterConfig, application: Application, ports: TierPorts): Promise<RunningTier> {
  const access: AccessRules = { apiKey: new OptionLookup(config, application).text('api-key'), apiKeys: application.apiKeys ?? [] };
  if (access.apiKey === '' && access.apiKeys.length === 0 && !isLoopback(application.host)) {
    const what = `${application.name} would listen on ${application.host} for everyone`;
    throw new Error(`${what}: set its option api-key, give it api-keys, or let it listen on 127.0.0.1`);
  }
  let draining = false;
  const bootEpoch = Math.floor(ports.clock.nowMs());
  const membership = new MembershipService<Heartbeat>(ports, () => ({
    instance: application.name, node: application.name, tier: 'console', dataCentre: application.geoLocation,
    role: 'primary', bootEpoch, draining, load: 0,
  }));
  const operators = new Operators(ports.bus, membership);
  const state: ConsoleState = { meter: { text: () => metricsText(ports.meter) }, ready: () => !draining && (ports.processReady?.() ?? true) };
  const limits = await LimitsPart.open(config, application, ports, membership);
  const app = await NestFactory.create<NestExpressApplication>({
    module: ConsoleModule,
    controllers: [ApiController, HistoryController, ...LIMITS_CONTROLLERS, OpenApiController],
    providers: [
      { provide: Operators, useValue: operators }, { provide: CONSOLE_STATE, useValue: state }, { provide: CLOCK, useValue: ports.clock },
      { provide: LimitsRepository, useValue: limits.repository }, { provide: LimitsChanges, useValue: limits.changes },
      { provide: LIMITER_STORE, useValue: limits.store },
    ],
  }, { logger: false, abortOnError: false, bodyParser: false });
  app.useGlobalFilters(new RefusalFilter());
  takeRequests(app, access);
  const port = await listen(app, application);
  membership.start();
  limits.start();
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
      await limits.close();
    },
  };
}

/** Who asks is known before anything of a body is read. */
function takeRequests(app: NestExpressApplication, access: AccessRules): void {
  app.use((request: HttpRequestView & { principal?: Principal }, reply: HttpReply, next: () => void) => {
    const answer = checkAccess(request, access);
    if (isRefusal(answer)) return reply.status(answer.status).json({ message: answer.message });
    request.principal = answer;
    next();
  });
  app.useBodyParser('json', { limit: FILE_MAX, type: ({ url = '' }: { readonly url?: string }) => isRestore(url) });
  app.useBodyParser('json', { limit: BODY_MAX, type: ['application/json', 'application/merge-patch+json'] });
  app.useBodyParser('text', { limit: FILE_MAX, type: 'text/csv' });
}

const isRestore = (url: string): boolean => /^\/api\/v1\/limits\/restore\/?(\?|$)/i.test(url);

async function listen(app: NestExpressApplication, { name, host, ports }: Application): Promise<number> {
  const wanted = ports.get('http');
  if (wanted === undefined) throw new Error(`application ${name} needs a port "http": add it under ports`);
  try {
    await app.listen(wanted, host);
  } catch (cause) {
    throw new Error(`${name} cannot listen on ${host} port ${wanted}: is another server running there?`, { cause });
  }
  return (app.getHttpServer().address() as AddressInfo).port;
}
