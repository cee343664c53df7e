import { ReconnectPace } from './reconnect-pace.js';

it('tries each address in turn, then pauses, each time longer, up to 5 s', () => {
  const pace = new ReconnectPace(2, 500, () => 0.5);
  const failures = (): number[] => Array.from({ length: 10 }, () => pace.failed());
  expect([pace.lost(), ...failures()]).toEqual([500, 0, 500, 0, 1_000, 0, 2_000, 0, 4_000, 0, 5_000]);
  expect([pace.lost(), pace.failed(), pace.failed()]).toEqual([500, 0, 500]);
});

it('spreads clients that lost one server at the same moment', () => {
  expect(new ReconnectPace(1, 1_000, () => 0).lost()).toBe(750);
  expect(new ReconnectPace(1, 1_000, () => 1).lost()).toBe(1_250);
});
