/** What was: calls, attempts, agents, queues, from the recorders that run (docs/operate.md, "History"). */
import { BadRequestException, Controller, Get, Inject, NotFoundException, Param, Query, Res, ServiceUnavailableException } from '@nestjs/common';
import { csv } from './csv.js';
import { HISTORY_LISTS, type HistoryList, type HistoryParameters, historyParameters, type HistoryRequest } from './history-query.js';
import { mergedPages, type Page } from './merged-pages.js';
import { Operators } from './operators.js';

interface Reply {
  type(mime: string): { send(body: string): void };
  json(body: object): void;
}

@Controller('api/v1/history')
export class HistoryController {
  constructor(@Inject(Operators) private readonly operators: Operators) {}

  /** `next` of the answer, given as `after`, asks for the page that follows. */
  @Get(':list')
  async list(@Param('list') list: string, @Query() query: Record<string, unknown>, @Res() reply: Reply): Promise<void> {
    if (!HISTORY_LISTS.includes(list as HistoryList)) throw new NotFoundException(`there is no history of ${list}; there are ${HISTORY_LISTS.join(', ')}`);
    const { request, format } = checked(query, list as HistoryList);
    const page = await this.#ask(list as HistoryList, request);
    if (format === 'csv') reply.type('text/csv').send(csv(page.rows));
    else reply.json(page);
  }

  /** One call with its parties and attempts. */
  @Get('calls/:connid')
  async call(@Param('connid') connid: string): Promise<object> {
    const { request } = checked({ connid });
    const [calls, cdrs] = await Promise.all([this.#ask('calls', request), this.#ask('cdrs', request)]);
    if (calls.rows.length === 0) throw new NotFoundException(`no call ${connid} is in the history; a call that lives is in "calls show"`);
    return { calls: calls.rows.map((call) => ({ ...call, cdrs: cdrs.rows.filter((cdr) => cdr['callUUID'] === call['callUUID']).reverse() })) };
  }

  /** Recorders may keep histories of their own: what all of them say, each record once. */
  async #ask(list: HistoryList, request: HistoryRequest): Promise<Page> {
    const recorders = this.operators.instances().filter(({ tier }) => tier === 'recorder').map(({ instance }) => instance);
    if (recorders.length === 0) throw new ServiceUnavailableException('no recorder runs: add an application of type recorder, or start it');
    const answers = await Promise.allSettled(recorders.map((instance) => this.operators.ask(instance, `history ${list}`, { ...request })));
    const pages = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value as Page] : []));
    const failed = answers.find((answer): answer is PromiseRejectedResult => answer.status === 'rejected');
    if (pages.length > 0) return { ...withoutKeys(mergedPages(pages, request.limit)), ...incomplete(recorders, answers) };
    throw new ServiceUnavailableException((failed?.reason as Error).message);
  }
}

function checked(query: Record<string, unknown>, list?: HistoryList): HistoryParameters {
  try {
    return historyParameters(query, Date.now(), list);
  } catch (error) {
    throw new BadRequestException((error as Error).message);
  }
}

/** Recorders that did not answer: what they keep may be missing. */
function incomplete(recorders: readonly string[], answers: readonly PromiseSettledResult<unknown>[]): Pick<Page, 'incomplete'> {
  const silent = answers.flatMap((answer, i) => (answer.status === 'rejected' ? [`${recorders[i]}: ${(answer.reason as Error).message}`] : []));
  return silent.length === 0 ? {} : { incomplete: silent };
}

const withoutKeys = ({ rows, next }: Page): Page => ({ rows: rows.map(({ key: _, ...row }) => row), ...(next === undefined ? {} : { next }) });
