/** All rules as a file, and back. */
import { Body, Controller, Get, Inject, Post, Res, type StreamableFile } from '@nestjs/common';
import { readRulesCsv, writeRulesCsv } from '#limits';
import { lineErrors, LimitsChanges, Refused } from '#limits-store';
import { z } from 'zod';
import type { Principal } from '../access.js';
import { answerChange, type Reply, Who } from './answers.js';
import { Api, json } from './api-note.js';
import { fileOf } from './chunks.js';
import { csvOf } from './requests.js';
import { inputOf } from './rule-view.js';

@Controller('api/v1/limits/rules.csv')
export class RulesCsvController {
  constructor(@Inject(LimitsChanges) private readonly changes: LimitsChanges) {}

  @Get()
  @Api({ summary: 'All rules as CSV', answer: { type: 'text/csv' } })
  export(@Who() who: Principal): StreamableFile {
    return fileOf(writeRulesCsv(this.changes.rules(who).map(({ rule }) => rule)), 'text/csv; charset=utf-8', 'rules.csv');
  }

  @Post()
  @Api({
    summary: 'Adds the rules of a file, and changes those whose id it names; all or none', body: { type: 'text/csv' },
    answer: json(z.object({ imported: z.number() })), isChange: true,
  })
  async import(@Body() body: unknown, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply): Promise<object> {
    const read = readRulesCsv(csvOf(body));
    if (!read.ok) throw new Refused('invalid', lineErrors(read.error));
    const changes = read.value.map(({ line, id, input }) => {
      const own = input.division === '' ? inputOf({ ...input, division: undefined }, who) : input;
      return { name: `line ${line}`, change: { ...(id === undefined ? {} : { id }), input: () => own } };
    });
    const changed = await this.changes.putRules(who, changes);
    return answerChange(reply, changed, { imported: changed.result.length });
  }
}
