/** Starts the tier in a process. */
import 'reflect-metadata';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { limiterWarning, loadConfig } from '#config';
import type { Clock, Log } from '#kernel';
import { LimitsRepository } from '#limits-store';
import type { ListeningAddress, SipTransport } from '#sip';
import type { LimiterStore, LocationStore } from '#store';
import type { Listening, RunningTier, StartTier } from '#tier';
import { adminCommands } from './services/admin-commands.js';
import { proxySettings, type ServerAddress } from './settings.js';
import { SipProxyCore } from './sip-proxy-core.js';
import { LIMITER_STORE, LOCATION_STORE, SIP_TRANSPORT, SipProxyModule } from './sip-proxy.module.js';

export const startSipProxy: StartTier = async (config, application, ports) => {
  const settings = proxySettings(config, application);
  const module = SipProxyModule.over(settings, ports);
  const context = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  const core = context.get(SipProxyCore);
  core.start();
  warnOfInexactLimits(limiterWarning(config), context.get(LimitsRepository), ports.log);
  const reread = () => proxySettings(loadConfig(config.file, config.listen).config, application).servers;
  return runningTier(settings.name, core, reread, context, ports.clock);
};

function runningTier(
  instance: string, core: SipProxyCore, reread: () => readonly ServerAddress[], context: INestApplicationContext, clock: Clock,
): RunningTier {
  const transport = context.get<SipTransport>(SIP_TRANSPORT);
  const location = context.get<LocationStore>(LOCATION_STORE);
  const limiter = context.get<LimiterStore>(LIMITER_STORE);
  return {
    instance,
    listening: transport.listening.map(toListening),
    admin: adminCommands(core, location, clock, reread),
    ready: () => !core.draining,
    drain: (deadlineMs) => new Promise((resolve) => {
      const patience = clock.setTimer(deadlineMs, resolve);
      core.drain(() => {
        patience.cancel();
        resolve();
      });
    }),
    close: async () => {
      core.membership.leave();
      core.close();
      await transport.close();
      await location.close();
      await limiter.close();
      await context.close();
    },
  };
}

/** Said when it first matters: once rules are in force. */
function warnOfInexactLimits(warning: string | undefined, rules: LimitsRepository, log: Log): void {
  if (warning === undefined) return;
  const stop = rules.watch(({ mode, size }) => {
    if (mode !== 'dnis' || size === 0) return;
    log.warn(`call limits are not exact: ${warning}`);
    queueMicrotask(() => stop());
  });
}

function toListening(address: ListeningAddress): Listening {
  return { id: address.transport === 'tls' ? 'sips' : 'sip', ...address };
}
