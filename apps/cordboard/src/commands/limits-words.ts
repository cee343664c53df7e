/** `key=value` words of a rule as the API takes them. */

/** Shown by the help. */
export const RULE_WORDS = `  type=TYPE           all-busy, concurrent, concurrent-sum, waiting, interactions, waiting-and-interactions, agents
  dnis=NUMBER         the number that is called
  limit=N             refuses at so many (agents: at so few)
  queues=A,B          queues that are counted; combine=any: each for itself
  dnisAlso=N1,N2      concurrent-sum: numbers that are counted, too
  timeZone=Asia/Tokyo start=2026-12-24T00:00 end=2026-12-26T00:00
  weekly="mon tue 09:00-17:00; sat 10:00-14:00"
  status=503          or 486, 603, 302; reason=TEXT retryAfterS=N to=NUMBER
  withoutStore=open   or closed, share
  description=TEXT division=NAME enabled=false shadow=true`;

const LISTS = ['queues', 'dnisAlso'];
const NUMBERS = ['limit', 'status', 'retryAfterS'];
const FLAGS = ['enabled', 'shadow'];
const OF: Readonly<Record<string, 'schedule' | 'answer'>> = {
  timeZone: 'schedule', start: 'schedule', end: 'schedule', weekly: 'schedule', status: 'answer', reason: 'answer', retryAfterS: 'answer', to: 'answer',
};
const PLAIN = ['type', 'dnis', 'combine', 'withoutStore', 'description', 'division'];

type Fields = Record<string, unknown>;

/** An empty value is null: what is left out. `schedule=` and `answer=` leave all of it out. @throws Error naming a word that is none */
export function ruleFields(words: readonly string[]): Fields {
  const fields: Fields = {};
  for (const word of words) {
    const at = word.indexOf('=');
    if (at < 1) throw new Error(`"${word}" is no key=value; "cordboard limits --help" lists the keys`);
    const [key, text] = [word.slice(0, at), word.slice(at + 1)];
    const part = OF[key];
    const isWhole = (key === 'schedule' || key === 'answer') && text === '';
    if (part === undefined && !isWhole && ![...LISTS, ...NUMBERS, ...FLAGS, ...PLAIN].includes(key)) {
      throw new Error(`a rule has no "${key}"; "cordboard limits --help" lists the keys`);
    }
    const value = text === '' ? null : valueOf(key, text);
    if (part === undefined) fields[key] = value;
    else fields[part] = { ...fields[part] as Fields | undefined, [key]: value };
  }
  return fields;
}

/** What cannot be read goes as it is: the API says what it must be. */
function valueOf(key: string, text: string): unknown {
  if (LISTS.includes(key)) return text.split(',').map((each) => each.trim());
  if (NUMBERS.includes(key)) return /^\d+$/.test(text) ? Number(text) : text;
  if (FLAGS.includes(key)) return ({ true: true, on: true, false: false, off: false } as Fields)[text] ?? text;
  return key === 'weekly' ? text.split(';').map((each) => windowOf(each)) : text;
}

/** `mon tue 09:00-17:00`, or `mon,tue 09:00-17:00` */
function windowOf(text: string): object {
  const words = text.trim().split(/[\s,]+/);
  const [from, to] = (words.pop() ?? '').split('-');
  return { days: words, from, to };
}
