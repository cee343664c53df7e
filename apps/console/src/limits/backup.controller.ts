/** Mode, rules and block list as one document, and back. */
import { Body, Controller, Get, HttpCode, Inject, Post, Res, type StreamableFile } from '@nestjs/common';
import type { Clock } from '#kernel';
import { LimitsChanges, LimitsRepository, readBackup, writeBackup } from '#limits-store';
import { z } from 'zod';
import type { Principal } from '../access.js';
import { CLOCK } from '../clock.js';
import { answerChange, type Reply, Who } from './answers.js';
import { Api, json } from './api-note.js';
import { fileOf } from './chunks.js';
import { wantAll } from './requests.js';

const DOCUMENT = json(z.object({
  kind: z.literal('cordboard-limits'), version: z.literal(1), madeAtMs: z.number().optional(), mode: z.string(), rules: z.array(z.unknown()),
  ani: z.array(z.unknown()),
}));
const RESTORED = json(z.object({ mode: z.string(), rules: z.number(), ani: z.number() }));

@Controller('api/v1/limits')
export class BackupController {
  constructor(
    @Inject(LimitsRepository) private readonly repository: LimitsRepository, @Inject(LimitsChanges) private readonly changes: LimitsChanges,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('backup')
  @Api({ summary: 'Everything as one document', answer: DOCUMENT })
  backup(@Who() who: Principal): StreamableFile {
    wantAll(who);
    return fileOf(writeBackup(this.repository, this.clock.nowMs()), 'application/json', 'limits.json');
  }

  @Post('restore')
  @HttpCode(200)
  @Api({ summary: 'Replaces everything by a backup, at once; checked whole before', body: DOCUMENT, answer: RESTORED, isChange: true })
  async restore(@Body() body: unknown, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply): Promise<object> {
    wantAll(who);
    const backup = readBackup(body, this.clock.nowMs());
    const changed = await this.changes.restore(who, backup);
    return answerChange(reply, changed, { mode: backup.mode, rules: backup.rules.length, ani: backup.ani.length });
  }
}
