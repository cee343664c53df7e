/** The ANI block list as a file: `number,expires,note`. */
import { Body, Controller, Get, Inject, Post, Res, type StreamableFile } from '@nestjs/common';
import { writeAniCsv } from '#limits';
import { blockedAnis, LimitsChanges, LimitsRepository } from '#limits-store';
import { z } from 'zod';
import type { Principal } from '../access.js';
import { answerChange, type Reply, Who } from './answers.js';
import { Api, json } from './api-note.js';
import { fileOf } from './chunks.js';
import { csvOf, wantAll } from './requests.js';

@Controller('api/v1/limits/ani.csv')
export class AniCsvController {
  constructor(@Inject(LimitsRepository) private readonly repository: LimitsRepository, @Inject(LimitsChanges) private readonly changes: LimitsChanges) {}

  @Get()
  @Api({ summary: 'The block list as CSV', answer: { type: 'text/csv' } })
  export(@Who() who: Principal): StreamableFile {
    wantAll(who);
    return fileOf(writeAniCsv(blockedAnis(this.repository)), 'text/csv; charset=utf-8', 'ani.csv');
  }

  @Post()
  @Api({
    summary: 'Adds the entries of a file; all or none', body: { type: 'text/csv' }, answer: json(z.object({ imported: z.number() })), isChange: true,
  })
  async import(@Body() body: unknown, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply): Promise<object> {
    wantAll(who);
    const changed = await this.changes.importAni(who, csvOf(body));
    return answerChange(reply, changed, { imported: changed.result });
  }
}
