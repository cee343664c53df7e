/** Whether the rules hold at all: unlimited, all-busy, or by DNIS. */
import { Body, Controller, Get, Inject, Put, Res } from '@nestjs/common';
import { MODES, type Mode } from '#limits';
import { LimitsChanges, LimitsRepository } from '#limits-store';
import { z } from 'zod';
import type { Principal } from '../access.js';
import { answerChange, type Reply, Who } from './answers.js';
import { Api, json } from './api-note.js';
import { parsed, wantAll } from './requests.js';

const MODE = z.strictObject({ mode: z.enum(MODES, { error: `must be one of: ${MODES.join(', ')}` }) });

@Controller('api/v1/limits/mode')
export class ModeController {
  constructor(@Inject(LimitsRepository) private readonly repository: LimitsRepository, @Inject(LimitsChanges) private readonly changes: LimitsChanges) {}

  @Get()
  @Api({ summary: 'The mode', answer: json(MODE) })
  get(): { mode: Mode } {
    return { mode: this.repository.table.mode };
  }

  @Put()
  @Api({ summary: 'Sets the mode', body: json(MODE), answer: json(MODE), isChange: true })
  async set(@Body() body: unknown, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply): Promise<object> {
    wantAll(who);
    const { mode } = parsed(MODE, body);
    return answerChange(reply, await this.changes.setMode(who, mode), { mode });
  }
}
