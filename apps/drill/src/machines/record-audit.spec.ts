import { compareConnIDs } from './record-audit.js';

it('wants each call once, and does not mind calls of others', () => {
  expect(compareConnIDs(['a', 'b'], ['b', 'x', 'x', 'a'])).toEqual({ missing: 0, doubled: 0, expected: true, lines: [] });
});

it('names what is missing or there twice', () => {
  expect(compareConnIDs(['a', 'b'], ['b', 'b'])).toEqual({ missing: 1, doubled: 1, expected: true, lines: ['no record of call a', '2 records of call b'] });
});
