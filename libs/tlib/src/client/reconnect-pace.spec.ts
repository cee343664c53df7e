import { ReconnectPace } from './reconnect-pace.js';

it('tries again after pauses, each time longer, up to 5 s', () => {
  const pace = new ReconnectPace(1, 500, () => 0.5);
  const failures = (): number[] => Array.from({ length: 5 }, () => pace.failed());
  expect([pace.lost(), ...failures()]).toEqual([500, 500, 1_000, 2_000, 4_000, 5_000]);
  expect([pace.lost(), pace.failed()]).toEqual([500, 500]);
});

it('tries each half of a pair in turn, then pauses, up to 1 s', () => {
  const pace = new ReconnectPace(2, 200, () => 0.5);
  const failures = (): number[] => Array.from({ length: 10 }, () => pace.failed());
  expect([pace.lost(), ...failures()]).toEqual([200, 0, 200, 0, 400, 0, 800, 0, 1_000, 0, 1_000]);
  expect(new ReconnectPace(2, 2_000, () => 0.5).lost()).toBe(2_000);
});

it('spreads clients that lost one server at the same moment', () => {
  expect(new ReconnectPace(1, 1_000, () => 0).lost()).toBe(750);
  expect(new ReconnectPace(1, 1_000, () => 1).lost()).toBe(1_250);
});

it('waits longer for each answer that did not come, until one came', () => {
  const pace = new ReconnectPace(2, 200, () => 0.5);
  const patience = (): number => pace.patienceMs(1_000, 3_600);
  expect(patience()).toBe(1_000);
  pace.stayedSilent();
  expect([patience(), pace.patienceMs(5_000, 3_600)]).toEqual([2_000, 5_000]);
  pace.stayedSilent();
  pace.lost();
  expect(patience()).toBe(3_600);
  pace.opened();
  expect(patience()).toBe(1_000);
});
