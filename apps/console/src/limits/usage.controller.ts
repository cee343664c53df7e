/** Slots in use, and limits. */
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { Clock } from '#kernel';
import { LimitsChanges, LimitsRepository } from '#limits-store';
import { type LimiterStore, StoreUnavailable } from '#store';
import { z } from 'zod';
import type { Principal } from '../access.js';
import { CLOCK } from '../clock.js';
import { Who } from './answers.js';
import { Api, json } from './api-note.js';
import { limit, parsed, word } from './requests.js';
import { isInForce } from './rule-view.js';
import { type RuleUsage, usageOf } from './usage.js';

export const LIMITER_STORE = Symbol('LimiterStore');

const LIST = z.strictObject({ rule: word, dnis: word, limit, after: word });
const PAGE = z.object({
  usage: z.array(z.object({
    id: z.string(), dnis: z.string(), type: z.string(), limit: z.number(), used: z.number().optional(), full: z.boolean(), active: z.boolean(),
    shadow: z.boolean(), wouldRefuse: z.number().optional(),
  })),
  next: z.string().optional(),
});

@Controller('api/v1/limits/usage')
export class UsageController {
  constructor(
    @Inject(LimitsRepository) private readonly repository: LimitsRepository, @Inject(LimitsChanges) private readonly changes: LimitsChanges,
    @Inject(LIMITER_STORE) private readonly store: LimiterStore | null, @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @Api({ summary: 'What each rule counts now', query: LIST, answer: json(PAGE) })
  async list(@Query() query: unknown, @Who() who: Principal): Promise<{ usage: readonly RuleUsage[]; next?: string }> {
    const { rule, dnis, limit: most = 100, after } = parsed(LIST, query);
    if (this.store === null) throw new StoreUnavailable('limiter', 'this process has none');
    const found = this.changes.rules(who).map((each) => each.rule).filter(({ id, dnis: number }) =>
      (rule === undefined || id === rule) && (dnis === undefined || number === dnis));
    const from = after === undefined ? 0 : found.findIndex(({ id }) => id === after) + 1;
    const page = found.slice(from, from + most);
    const nowMs = this.clock.nowMs();
    const usage = await usageOf(page, this.repository.state.rules(), this.store, (each) => isInForce(each, nowMs));
    return { usage, ...(from + most < found.length ? { next: page.at(-1)!.id } : {}) };
  }
}
