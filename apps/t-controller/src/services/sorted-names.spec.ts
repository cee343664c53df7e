import { SortedNames } from './sorted-names.js';

it('walks ten thousand names in pages with one sort, and sees what came after it changed', () => {
  const set = new Set(Array.from({ length: 10_000 }, (_, i) => String(i)));
  let sorts = 0;
  const names = new SortedNames(() => { sorts += 1; return set; });
  const walked: string[] = [];
  for (let after = '', more = true; more;) {
    const page = names.after(after, 500);
    walked.push(...page.names);
    after = page.names.at(-1)!;
    ({ more } = page);
  }
  expect(walked).toEqual([...set].sort());
  expect(sorts).toBe(1);
  set.add('5000x');
  names.changed();
  expect(names.after('5000', 1)).toEqual({ names: ['5000x'], more: true });
});

it('of nothing there is nothing more', () => {
  expect(new SortedNames(() => []).after('', 10)).toEqual({ names: [], more: false });
});
