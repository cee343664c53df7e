import { drillOptions } from './options.js';

it('has defaults', () => {
  expect(drillOptions(['kill-sc'])).toEqual({ name: 'kill-sc', calls: 50, rate: undefined, seed: 1, state: undefined, compose: undefined, apiKey: undefined });
});

it('takes what it is told', () => {
  expect(drillOptions(['cut-dc', '--calls', '1000', '--rate', '5', '--seed', '7', '--cluster', 'x.json'])).toMatchObject({ calls: 1_000, rate: 5, seed: 7, state: 'x.json' });
  for (const list of [[], ['list'], ['kill-sc', '--help']]) expect(drillOptions(list)).toBeUndefined();
});

it.each([
  [['kill-sc', '--calls', '0'], 'from 1 to 5000'], [['kill-sc', '--seed', 'x'], 'whole number'], [['kill-sc', '--rate', '51'], 'from 1 to 50'],
  [['kill-sc', 'kill-tc'], 'one drill at a time'],
])(
  'refuses %j', (argv, message) => expect(() => drillOptions(argv)).toThrow(message));
