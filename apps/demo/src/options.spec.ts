import { demoOptions } from './options.js';

it('has defaults', () => expect(demoOptions([])).toEqual({ agents: 10, rate: 1, talkS: 8, seconds: undefined }));

it('takes what it is told', () => {
  expect(demoOptions(['--agents', '50', '--rate', '2.5', '--talk', '3', '--seconds', '60'])).toEqual({ agents: 50, rate: 2.5, talkS: 3, seconds: 60 });
  expect(demoOptions(['--help'])).toBeUndefined();
});

it.each([
  ['--agents', '51', 'from 1 to 50'], ['--agents', '1.5', 'whole number'], ['--rate', '0', 'from 0.1 to 100'],
  ['--seconds', 'soon', 'from 1 to 86400'], ['--seats', '3', 'Unknown option'],
])('refuses %s %s', (option, value, message) => expect(() => demoOptions([option, value])).toThrow(message));
