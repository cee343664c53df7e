/** Rules, one by one. */
import { Body, Controller, Delete, Get, Headers, Inject, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import type { Clock } from '#kernel';
import { ruleJsonSchema } from '#limits';
import { type Changed, LimitsChanges, refused, type VersionedRule } from '#limits-store';
import { z } from 'zod';
import type { Principal } from '../access.js';
import { CLOCK } from '../clock.js';
import { answerChange, type Reply, Who } from './answers.js';
import { Api, type ApiContent, json } from './api-note.js';
import { limit, parsed, versionOf, word } from './requests.js';
import { inputOf, patched, type RuleView, viewOf } from './rule-view.js';

const LIST = z.strictObject({ dnis: word, division: word, queue: word, limit, after: word });
const INPUT: ApiContent = { schema: { $ref: '#/components/schemas/RuleInput' } };
const RULE: ApiContent = { schema: { $ref: '#/components/schemas/Rule' } };
const PAGE: ApiContent = {
  schema: {
    type: 'object', required: ['rules'],
    properties: {
      rules: { type: 'array', items: { $ref: '#/components/schemas/Rule' } }, next: { type: 'string', description: 'Given as after: the next page' },
    },
  },
};
const ID = /^[\w.-]{1,64}$/;

export const RULE_SCHEMAS: Readonly<Record<string, object>> = {
  RuleInput: ruleJsonSchema('input'),
  Rule: {
    allOf: [ruleJsonSchema('stored')], unevaluatedProperties: true,
    properties: { version: { type: 'string' }, active: { type: 'boolean' } }, required: ['version', 'active'],
  },
};

@Controller('api/v1/limits/rules')
export class RulesController {
  constructor(@Inject(LimitsChanges) private readonly changes: LimitsChanges, @Inject(CLOCK) private readonly clock: Clock) {}

  @Get()
  @Api({ summary: 'Rules in the order of their numbers', query: LIST, answer: PAGE })
  list(@Query() query: unknown, @Who() who: Principal): object {
    const { dnis, division, queue, limit: most = 100, after } = parsed(LIST, query);
    const found = this.changes.rules(who).filter(({ rule }) => (dnis === undefined || rule.dnis === dnis || rule.dnisAlso.includes(dnis))
      && (division === undefined || rule.division === division) && (queue === undefined || rule.queues.includes(queue)));
    const from = after === undefined ? 0 : found.findIndex(({ rule }) => rule.id === after) + 1;
    if (after !== undefined && from === 0) throw refused('invalid', `there is no rule ${after} any more; begin again`, 'after');
    const page = found.slice(from, from + most);
    return { rules: page.map((each) => this.#view(each)), ...(from + most < found.length ? { next: page.at(-1)!.rule.id } : {}) };
  }

  @Post()
  @Api({ summary: 'A new rule, with an id of its own', body: INPUT, answer: RULE, status: 201, isChange: true })
  async add(@Body() body: unknown, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply): Promise<object> {
    const input = inputOf(body, who);
    return this.#answer(reply, await this.changes.putRule(who, { input: () => input }), 201);
  }

  @Get(':id')
  @Api({ summary: 'One rule', answer: RULE })
  get(@Param('id') id: string, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply): RuleView {
    const rule = this.changes.rule(id, who);
    reply.setHeader('ETag', `"${rule.version}"`);
    return this.#view(rule);
  }

  @Put(':id')
  @Api({ summary: 'The rule of that id, new or in place of the one there is', body: INPUT, answer: RULE, status: 201, isChange: true, ifMatch: true })
  async put(
    @Param('id') id: string, @Body() body: unknown, @Headers('if-match') ifMatch: string | undefined, @Headers('if-none-match') ifNone: string | undefined,
    @Who() who: Principal, @Res({ passthrough: true }) reply: Reply,
  ): Promise<object> {
    if (!ID.test(id)) throw refused('invalid', 'must be 1 to 64 letters, digits, dots, dashes or underscores', 'id');
    const input = inputOf(body, who);
    let isNew = false;
    const version = versionOf(ifMatch);
    const changed = await this.changes.putRule(who, {
      id, isNew: ifNone?.trim() === '*', ...(version === undefined ? {} : { ifMatch: version }),
      input: (old) => {
        isNew = old === undefined;
        return input;
      },
    });
    return this.#answer(reply, changed, isNew ? 201 : 200);
  }

  @Patch(':id')
  @Api({ summary: 'Fields of a rule; null leaves one out', body: INPUT, answer: RULE, isChange: true, ifMatch: true })
  async patch(
    @Param('id') id: string, @Body() body: unknown, @Headers('if-match') ifMatch: string | undefined, @Who() who: Principal,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<object> {
    this.changes.rule(id, who);
    const changed = await this.changes.putRule(who, {
      id, ifMatch: versionOf(ifMatch) ?? '*',
      input: (old) => {
        if (old === undefined) throw refused('not-found', `there is no rule ${id}`);
        return patched(old, body, who);
      },
    });
    return this.#answer(reply, changed, 200);
  }

  @Delete(':id')
  @Api({ summary: 'Removes a rule', answer: json(z.object({ removed: z.string() })), isChange: true, ifMatch: true })
  async remove(
    @Param('id') id: string, @Headers('if-match') ifMatch: string | undefined, @Who() who: Principal, @Res({ passthrough: true }) reply: Reply,
  ): Promise<object> {
    return answerChange(reply, await this.changes.removeRule(who, id, versionOf(ifMatch)), { removed: id });
  }

  #view(rule: VersionedRule): RuleView {
    return viewOf(rule, this.clock.nowMs());
  }

  #answer(reply: Reply, changed: Changed<VersionedRule>, status: number): object {
    reply.setHeader('ETag', `"${changed.result.version}"`);
    return answerChange(reply, changed, this.#view(changed.result), status);
  }
}
