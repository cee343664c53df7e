/** The composition root in Nest's terms: one module for each T-Library port, all over the same core. */
import { type DynamicModule, Module } from '@nestjs/common';
import { ReportingController } from './adapters/reporting.controller.js';
import { RoutingController } from './adapters/routing.controller.js';
import { SessionControllerCore } from './session-controller-core.js';

@Module({})
export class SessionControllerModule {
  /** The default port. */
  static routing(core: SessionControllerCore): DynamicModule {
    return {
      module: SessionControllerModule, controllers: [RoutingController],
      providers: [{ provide: SessionControllerCore, useValue: core }],
    };
  }

  /** IPport. */
  static reporting(core: SessionControllerCore): DynamicModule {
    return {
      module: SessionControllerModule, controllers: [ReportingController],
      providers: [{ provide: SessionControllerCore, useValue: core }],
    };
  }
}
