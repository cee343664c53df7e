/** Who changed what, and when. */
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { type AuditRecord, LimitsChanges } from '#limits-store';
import { z } from 'zod';
import type { Principal } from '../access.js';
import { Who } from './answers.js';
import { Api, json } from './api-note.js';
import { limit, parsed, word } from './requests.js';

const AFTER_ERROR = 'must be the next of the page before';
const LIST = z.strictObject({ limit, after: z.string(AFTER_ERROR).regex(/^\d{1,16}$/, AFTER_ERROR).optional(), id: word, who: word });
const RECORD = z.object({
  atMs: z.number(), who: z.string(), what: z.string(), action: z.string(), id: z.string().optional(), division: z.string().optional(),
  dataCentre: z.string(), before: z.unknown(), after: z.unknown(),
});
const PAGE = z.object({ records: z.array(RECORD), next: z.string().optional(), incomplete: z.array(z.string()).optional() });

@Controller('api/v1/limits/audit')
export class AuditController {
  constructor(@Inject(LimitsChanges) private readonly changes: LimitsChanges) {}

  @Get()
  @Api({ summary: 'Changes, the latest first', query: LIST, answer: json(PAGE) })
  async list(@Query() query: unknown, @Who() { divisions }: Principal): Promise<object> {
    const { limit: most = 100, after, id, who } = parsed(LIST, query);
    const { records, next, unread } = await this.changes.audit({
      limit: most, ...(after === undefined ? {} : { after: Number(after) }), ...(id === undefined ? {} : { id }), ...(who === undefined ? {} : { who }),
      ...(divisions === undefined ? {} : { divisions }),
    });
    return {
      records: records.map(recordView), ...(next === undefined ? {} : { next: String(next) }),
      ...(unread.length === 0 ? {} : { incomplete: unread.map((dataCentre) => `the records of ${dataCentre} cannot be read now`) }),
    };
  }
}

const recordView = ({ epoch: _, ...record }: AuditRecord): Omit<AuditRecord, 'epoch'> => record;
