/** HTTP for operators and monitoring: health, metrics, and the instances' commands. */
import { BadRequestException, Body, Controller, Get, Header, HttpException, Inject, Param, Post } from '@nestjs/common';
import type { PrometheusMeter } from '#observability';
import { type InstanceAnswer, Operators } from './operators.js';

export const CONSOLE_STATE = Symbol('CONSOLE_STATE');

export interface ConsoleState {
  readonly meter: Pick<PrometheusMeter, 'text'>;
  readonly ready: () => boolean;
}

@Controller()
export class ApiController {
  constructor(
    @Inject(Operators) private readonly operators: Operators,
    @Inject(CONSOLE_STATE) private readonly state: ConsoleState,
  ) {}

  @Get('healthz')
  health(): object {
    return { ok: true };
  }

  @Get('readyz')
  readiness(): object {
    if (!this.state.ready()) throw new HttpException({ ready: false }, 503);
    return { ready: true };
  }

  @Get('metrics')
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.state.meter.text();
  }

  @Get('api/v1/instances')
  instances(): object {
    return { instances: this.operators.instances() };
  }

  @Get('api/v1/commands')
  async commands(): Promise<object> {
    return { commands: Object.fromEntries(await this.operators.commands()) };
  }

  /** Body: `{ "args": { ... }, "instance": "..." }`, both optional. */
  @Post('api/v1/commands/:command')
  async command(@Param('command') command: string, @Body() body: unknown): Promise<{ answers: readonly InstanceAnswer[] }> {
    const { args, instance } = commandBody(body);
    try {
      if (instance === undefined) return { answers: await this.operators.askAll(command, args) };
      return { answers: [{ instance, result: await this.operators.ask(instance, command, args) }] };
    } catch (error) {
      throw new BadRequestException((error as Error).message);
    }
  }
}

function commandBody(body: unknown): { args: Readonly<Record<string, unknown>>; instance: string | undefined } {
  const { args = {}, instance } = (body ?? {}) as { args?: unknown; instance?: unknown };
  if (typeof args !== 'object' || args === null || Array.isArray(args)) throw new BadRequestException('args must be an object');
  if (instance !== undefined && typeof instance !== 'string') throw new BadRequestException('instance must be a string');
  return { args: args as Record<string, unknown>, instance };
}
