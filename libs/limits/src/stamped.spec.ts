import fc from 'fast-check';
import { later, merge, present, type Stamped, withoutMarkers } from './stamped.js';

const stamped: fc.Arbitrary<Stamped<string>> = fc.record({ epoch: fc.integer({ min: 0, max: 5 }), value: fc.option(fc.constantFrom('a', 'b'), { nil: null }) });
const site = fc.dictionary(fc.constantFrom('x', 'y', 'z'), stamped).map((keys) => new Map(Object.entries(keys)));

it('lets the later stand, a removal too', () => {
  const removed = { epoch: 7, value: null };
  expect(later({ epoch: 6, value: 'a' }, removed)).toBe(removed);
  const merged = merge([new Map([['x', removed]]), new Map([['x', { epoch: 6, value: 'a' }], ['y', { epoch: 1, value: 'b' }]])]);
  expect([...present(merged)]).toEqual([['y', 'b']]);
  expect([...merge([merged, new Map([['x', { epoch: 8, value: 'c' }]])]).get('x')!.value!]).toEqual(['c']);
});

it('comes to the same in any order, however often', () => {
  fc.assert(fc.property(site, site, site, (a, b, c) => {
    const sorted = (map: ReadonlyMap<string, unknown>) => [...map].sort(([one], [other]) => (one < other ? -1 : 1));
    const all = sorted(merge([a, b, c]));
    expect(sorted(merge([c, b, a, b]))).toEqual(all);
    expect(sorted(merge([a, merge([b, c])]))).toEqual(all);
    expect(sorted(merge([merge([a, b]), c]))).toEqual(all);
  }));
});

it('drops markers of before an epoch alone', () => {
  const merged = new Map<string, Stamped<string>>([['a', { epoch: 1, value: null }], ['b', { epoch: 2, value: null }], ['c', { epoch: 1, value: 'c' }]]);
  expect([...withoutMarkers(merged, 2).keys()]).toEqual(['b', 'c']);
});
