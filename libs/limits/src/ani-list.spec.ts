import fc from 'fast-check';
import { ANI_RANGES_MAX, type AniEntry, parseAni, parseAniInput } from './ani-entry.js';
import { AniList } from './ani-list.js';
import { ANI_SHARDS, aniShardOf } from './ani-shard.js';
import { DEFAULT_PLAN, formsOf } from './numbers.js';

const NOW = 1_000_000;
const entry = (number: string, given: Partial<AniEntry> = {}): AniEntry => ({ number, note: '', addedBy: 'ann', addedAtMs: 500, ...given });
const listOf = (...numbers: string[]): AniList => {
  const list = new AniList();
  for (const number of numbers) expect(list.add(entry(number), NOW)).toEqual({ ok: true, value: undefined });
  return list;
};
const blocks = (list: AniList, number: string): string | undefined => list.match([number], NOW)?.number;

it('blocks numbers, prefixes, ranges and words', () => {
  const list = listOf('+815012345678', '0120*', '+8150*', '+81601000-+81601999', 'anonymous', '12345678901234567', '1234567890123456*');
  expect(['+815012345678', '+815099', '01209', '0120', '+81601000', '+81601500', '+81601999', 'anonymous', '12345678901234567', '12345678901234569']
    .map((number) => blocks(list, number))).toEqual([
    '+815012345678', '+8150*', '0120*', '0120*', '+81601000-+81601999', '+81601000-+81601999', '+81601000-+81601999', 'anonymous', '12345678901234567', '1234567890123456*',
  ]);
  expect(['815012345678', '+81601', '+81600999', '+81602000', '+816010000', '81601500', '012', 'Anonymous', '', '+', '123456789012345'].map((number) => blocks(list, number)))
    .toEqual(new Array(11).fill(undefined));
});

it('blocks a caller by any form of his number', () => {
  const list = listOf('+815012345678');
  expect(list.match(formsOf('050-1234-5678', { ...DEFAULT_PLAN, countryCode: '81' }), NOW)).toEqual(entry('+815012345678'));
});

it('tells leading zeros apart', () => {
  const list = listOf('0501', '501', '00501');
  expect([list.size, blocks(list, '0501'), blocks(list, '501'), blocks(list, '000501')]).toEqual([3, '0501', '501', undefined]);
});

it('knows who, when, why, and until when', () => {
  const list = new AniList();
  const given = entry('+8150*', { note: 'nuisance', addedBy: 'bob', addedAtMs: 7, expiresAtMs: NOW + 1 });
  list.add(given, NOW);
  expect(list.get('+8150*')).toEqual(given);
  expect(list.match(['+81501'], NOW)).toEqual(given);
  expect(list.match(['+81501'], NOW + 1)).toBeUndefined();
});

it('finds a range that holds behind ones that have expired', () => {
  const list = listOf('1000-9999');
  for (let from = 1000; from < 1100; from += 1) list.add(entry(`${from}-5000`, { expiresAtMs: NOW - 1 }), NOW);
  expect([blocks(list, '1050'), blocks(list, '6000'), blocks(list, '0999')]).toEqual(['1000-9999', '1000-9999', undefined]);
});

it('refuses what is there already, unless it has expired', () => {
  const list = listOf('+8150*');
  expect(list.add(entry('+8150*'), NOW)).toEqual({ ok: false, error: 'is in the list already, since 1970-01-01, by ann' });
  list.add(entry('1', { expiresAtMs: NOW }), NOW - 1);
  expect(list.add(entry('1', { note: 'again' }), NOW)).toEqual({ ok: true, value: undefined });
  expect([list.size, list.get('1')?.note]).toEqual([2, 'again']);
});

it('is bounded', () => {
  const list = new AniList(2);
  expect(list.addAll([entry('1'), entry('2'), entry('3')], NOW)).toEqual({ ok: false, error: [{ index: 2, message: 'is one too many: the list takes 2 entries; remove some first' }] });
  expect(list.size).toBe(0);
  const ranges = new AniList();
  const all = Array.from({ length: ANI_RANGES_MAX + 1 }, (_, index) => entry(`${10_000 + index}-99999`));
  expect(ranges.addAll(all, NOW)).toEqual({ ok: false, error: [{ index: ANI_RANGES_MAX, message: 'is one range too many: the list takes 10000; use prefixes, or remove some first' }] });
});

it('takes all of several, or none', () => {
  const list = listOf('1');
  list.add(entry('2', { expiresAtMs: NOW, note: 'old' }), 0);
  expect(list.addAll([entry('2'), entry('3'), entry('x y'), entry('1'), entry('3')], NOW)).toMatchObject({ ok: false, error: [{ index: 2 }, { index: 3 }, { index: 4 }] });
  expect([...list.entries()].map(({ number, note }) => number + note).sort()).toEqual(['1', '2old']);
  expect(list.checkAll([entry('3')], NOW)).toEqual({ ok: true, value: undefined });
  expect(list.size).toBe(2);
});

it.each([
  ['', 'must be digits'], ['*', 'needs a digit'], ['+*', 'needs a digit'], ['050 1234', 'must be digits'], ['123456789012345678', 'must be digits'],
  ['10-200', 'is a range, and both'], ['+10-200', 'is a range, and both'], ['20-10', 'is a range, and its first'], ['1*2', 'must be digits'], ['<x>', 'must be digits'],
])('"%s" is refused: %s', (number, start) => {
  const parsed = parseAni(number);
  expect(parsed.ok ? '' : parsed.error.slice(0, start.length)).toBe(start);
});

it('reads what somebody typed', () => {
  const plan = { ...DEFAULT_PLAN, countryCode: '81' };
  expect(parseAniInput({ number: ' 05012345678 ', expires: '2026-12-01T00:00:00+09:00', note: 'x' }, plan))
    .toEqual({ ok: true, value: { number: '+815012345678', expiresAtMs: Date.parse('2026-11-30T15:00Z'), note: 'x' } });
  const wrong = parseAniInput({ number: 5, expires: '2026-12-01', note: 'a\nb', who: 'me' });
  expect(wrong.ok ? [] : wrong.error.map(({ field }) => field)).toEqual(['who', 'number', 'expires', 'note']);
  expect(parseAniInput('x').ok).toBe(false);
});

const short = fc.stringMatching(/^\+?[0-3]{1,3}$/);
const number = fc.oneof(
  { weight: 3, arbitrary: short }, { weight: 2, arbitrary: short.map((digits) => `${digits}*`) }, fc.tuple(short, short).map((pair) => pair.join('-')),
  fc.stringMatching(/^[0-1]{15,17}\*?$/), fc.constantFrom('anonymous', 'x', '?'),
);
const step = fc.record({
  act: fc.constantFrom('add' as const, 'add' as const, 'remove' as const, 'replace' as const), number, lasts: fc.constantFrom(undefined, 5, 50), note: fc.constantFrom('', 'a', 'b'),
});

/** Every entry is looked at. */
function naiveMatch(entries: ReadonlyMap<string, AniEntry>, called: string, nowMs: number): boolean {
  return [...entries.values()].some((each) => {
    if ((each.expiresAtMs ?? Infinity) <= nowMs) return false;
    if (each.number === called) return true;
    if (!/^\+?\d+$/.test(called)) return false;
    if (each.number.endsWith('*')) return called.startsWith(each.number.slice(0, -1));
    const [from, to] = each.number.split('-');
    return to !== undefined && from!.length === called.length && from!.startsWith('+') === called.startsWith('+') && from! <= called && called <= to;
  });
}

it('agrees with a list that looks at every entry, after any changes', () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), fc.array(fc.oneof(short, fc.stringMatching(/^[01]{15,17}$/), fc.constant('x')), { maxLength: 20 }), (steps, called) => {
    const list = new AniList();
    const naive = new Map<string, AniEntry>();
    steps.forEach(({ act, number: written, lasts, note }, at) => {
      const given = entry(written, { note, ...(lasts === undefined ? {} : { expiresAtMs: at + lasts }) });
      if (act === 'add') {
        const free = (naive.get(written)?.expiresAtMs ?? (naive.has(written) ? Infinity : -Infinity)) <= at;
        const added = list.add(given, at);
        expect(added.ok).toBe(free && parseAni(written).ok);
        if (added.ok) naive.set(written, given);
      } else if (act === 'remove') expect(list.remove(written)).toBe(naive.delete(written));
      else {
        const shard = aniShardOf(written);
        for (const each of [...naive.keys()]) if (aniShardOf(each) === shard) naive.delete(each);
        const left = list.replaceShard(shard, [given, { ...given, number: 'elsewhere-?' }]);
        expect(left).toBe(parseAni(written).ok ? 1 : 2);
        if (left === 1) naive.set(written, given);
      }
      expect(list.size).toBe(naive.size);
      for (const each of called) expect([each, list.match([each], at) !== undefined]).toEqual([each, naiveMatch(naive, each, at)]);
    });
    const sorted = (entries: Iterable<AniEntry>) => [...entries].sort((a, b) => (a.number < b.number ? -1 : 1));
    expect(sorted(list.entries())).toEqual(sorted(naive.values()));
    for (const { number: each } of naive.values()) expect([...list.entriesOf(aniShardOf(each))].map((one) => one.number)).toContain(each);
  }));
});

it('spreads numbers over the shards, those in a row too', () => {
  const counts = new Array<number>(ANI_SHARDS).fill(0);
  for (let index = 0; index < 100 * ANI_SHARDS; index += 1) counts[aniShardOf(`+8150${10_000_000 + index}`)]! += 1;
  expect(Math.max(...counts)).toBeLessThan(200);
  expect(Math.min(...counts)).toBeGreaterThan(40);
});

it('keeps the shard of an entry: it is stored', () => {
  expect(['+815012345678', '0501', '+8150*', '+81501000-+81501999', 'anonymous', '12345678901234567'].map(aniShardOf)).toMatchInlineSnapshot(`
[
  494,
  511,
  108,
  211,
  414,
  639,
]
`);
});

it('takes less than 48 bytes of an entry in 200,000', () => {
  const list = new AniList();
  for (let index = 0; index < 200_000; index += 1) list.add(entry(`+8150${10_000_000 + index * 7}`), NOW);
  expect(list.bytes / list.size).toBeLessThan(48);
  expect([blocks(list, '+815010000007'), blocks(list, '+815010000008')]).toEqual(['+815010000007', undefined]);
});
