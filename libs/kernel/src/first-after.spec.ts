import { firstAfter } from './first-after.js';

it.each([['', 0], ['a', 1], ['aa', 1], ['b', 2], ['c', 3], ['d', 3]])('after %j comes place %d', (name, place) => {
  expect(firstAfter(['a', 'b', 'c'], name)).toBe(place);
});

it('of no names there is no first', () => expect(firstAfter([], 'a')).toBe(0));
