import { isPattern, isSubject, matches } from './pattern.js';

describe('matches', () => {
  it.each([
    ['a.b', 'a.b', true], ['a.b', 'a.c', false], ['a.*', 'a.b', true], ['a.*', 'a.b.c', false], ['*.b', 'a.b', true],
    ['a.>', 'a.b.c', true], ['a.>', 'a', false], ['>', 'a', true], ['a.*.c', 'a.b.c', true], ['a.*.c', 'a.b.d', false],
    ['a.b.c', 'a.b', false], ['*', 'a', true], ['*.*', 'a', false],
  ])('%s and %s: %s', (pattern, subject, expected) => {
    expect(matches(pattern, subject)).toBe(expected);
  });
});

describe('subjects and patterns', () => {
  it.each([['cb.dn.7001.cmd', true], ['a', true], ['', false], ['a.', false], ['.a', false], ['a.*', false], ['a b', false]])(
    '%j is a subject: %s', (text, expected) => expect(isSubject(text)).toBe(expected),
  );

  it.each([['a.*', true], ['>', true], ['*.>', true], ['a.>.b', false], ['a*', false], ['', false]])(
    '%j is a pattern: %s', (text, expected) => expect(isPattern(text)).toBe(expected),
  );
});
