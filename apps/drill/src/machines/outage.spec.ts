import { Outage } from './outage.js';

const after = (...tries: readonly (readonly [number, boolean])[]): Outage => {
  const outage = new Outage();
  for (const [atMs, taken] of tries) outage.tried(atMs, taken);
  return outage;
};

it('is nothing while tries are taken', () => expect(after([0, true], [100, true]).longestMs(500)).toBe(0));

it('lasts from the first try that failed to the next that was taken', () => {
  expect(after([0, true], [100, false], [200, false], [300, true], [400, false], [450, true]).longestMs(500)).toBe(200);
});

it('lasts on when nothing is taken any more', () => {
  const outage = after([0, true], [100, false]);
  expect([outage.isOut(), outage.longestMs(5_100)]).toEqual([true, 5_000]);
});

it('does not count a failure that is told late, when somebody else took a later call', () => {
  const outage = after([0, true], [200, true], [100, false]);
  expect([outage.isOut(), outage.longestMs(1_000)]).toEqual([false, 0]);
});
