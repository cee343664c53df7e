/** Verdicts of call limits to records: each is whole when it is told, and the same when it is told again. */
import type { HistoryRecord } from '#store';
import type { CallVerdict } from '#telephony';

/** A line of the durable queue. */
export interface HeardVerdicts {
  readonly verdicts: readonly CallVerdict[];
}

export const isVerdicts = (body: object): body is HeardVerdicts => 'verdicts' in body;

const KEY_UNSAFE = /[^\w.:@+*#/-]/g;

const isWord = (text: string): boolean => text !== '';

export function verdictRecord({ id, atMs, dnisForms, aniForms, ...data }: CallVerdict): HistoryRecord<'verdict'> {
  const { verdict, rules, division } = data;
  const terms = [
    ...aniForms.filter(isWord).map((ani) => `ani:${ani}`), ...rules.map((rule) => `rule:${rule}`), `verdict:${verdict}`,
    ...(division === '' ? [] : [`division:${division}`]),
  ];
  return { kind: 'verdict', key: id.replace(KEY_UNSAFE, '_').slice(0, 200), atMs, version: 1, dns: dnisForms.filter(isWord), agents: [], terms, data };
}
