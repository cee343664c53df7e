/** The ANI block list: entries one by one. */
import { Body, Controller, Delete, Get, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { Clock } from '#kernel';
import { type AniEntry, aniShardOf, ANI_SHARDS, parseAniInput } from '#limits';
import { blockedAnis, LimitsChanges, LimitsRepository, refused, Refused } from '#limits-store';
import { z } from 'zod';
import type { Principal } from '../access.js';
import { CLOCK } from '../clock.js';
import { answerChange, type Reply, Who } from './answers.js';
import { Api, json } from './api-note.js';
import { limit, parsed, wantAll, word } from './requests.js';

/** Longer lists are told in the order of their keys: to sort a million for each page would hold up calls. */
const SORTED_MAX = 10_000;

const LIST = z.strictObject({ limit, after: word, blocks: word });
const INPUT = z.strictObject({ number: z.string(), expires: z.string().optional(), note: z.string().optional() });
const ENTRY = z.object({
  number: z.string(), expiresAtMs: z.number().optional(), note: z.string(), addedBy: z.string(), addedAtMs: z.number(),
});
const PAGE = z.object({ entries: z.array(ENTRY), count: z.number(), next: z.string().optional() });

@Controller('api/v1/limits/ani')
export class AniController {
  constructor(
    @Inject(LimitsRepository) private readonly repository: LimitsRepository, @Inject(LimitsChanges) private readonly changes: LimitsChanges,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `blocks`: the entry by which that caller is refused now. */
  @Get()
  @Api({ summary: 'Entries of the block list, or with blocks=NUMBER the one that blocks that caller', query: LIST, answer: json(PAGE) })
  list(@Query() query: unknown, @Who() who: Principal): z.infer<typeof PAGE> {
    wantAll(who);
    const { limit: most = 100, after, blocks } = parsed(LIST, query);
    const { ani } = this.repository.state;
    if (blocks !== undefined) {
      const entry = ani.match([blocks], this.clock.nowMs());
      return { entries: entry === undefined ? [] : [entry], count: ani.size };
    }
    const page: AniEntry[] = [];
    for (const entry of ani.size <= SORTED_MAX ? this.#sorted(after) : this.#byShard(after)) {
      if (page.length === most) return { entries: page, count: ani.size, next: page.at(-1)!.number };
      page.push(entry);
    }
    return { entries: page, count: ani.size };
  }

  @Post()
  @Api({ summary: 'Blocks a number, a prefix or a range', body: json(INPUT), answer: json(ENTRY), status: 201, isChange: true })
  async add(@Body() body: unknown, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply): Promise<object> {
    wantAll(who);
    const input = parseAniInput(body);
    if (!input.ok) throw new Refused('invalid', input.error);
    const changed = await this.changes.addAni(who, input.value);
    return answerChange(reply, changed, changed.result, 201);
  }

  @Get(':number')
  @Api({ summary: 'One entry', answer: json(ENTRY) })
  get(@Param('number') number: string, @Who() who: Principal): AniEntry {
    wantAll(who);
    const entry = this.repository.state.ani.get(number);
    if (entry === undefined) throw refused('not-found', `${number} is not in the block list`);
    return entry;
  }

  @Delete(':number')
  @Api({ summary: 'Removes an entry', answer: json(z.object({ removed: z.string() })), isChange: true })
  async remove(@Param('number') number: string, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply): Promise<object> {
    wantAll(who);
    return answerChange(reply, await this.changes.removeAni(who, number), { removed: number });
  }

  #sorted(after: string | undefined): AniEntry[] {
    return [...blockedAnis(this.repository)].filter(({ number }) => after === undefined || number > after).sort(byNumber);
  }

  * #byShard(after: string | undefined): Generator<AniEntry> {
    const first = after === undefined ? 0 : aniShardOf(after);
    for (let shard = first; shard < ANI_SHARDS; shard += 1) {
      const entries = [...this.repository.state.ani.entriesOf(shard)].sort(byNumber);
      yield* shard === first && after !== undefined ? entries.filter(({ number }) => number > after) : entries;
    }
  }
}

const byNumber = (a: AniEntry, b: AniEntry): number => (a.number < b.number ? -1 : 1);
