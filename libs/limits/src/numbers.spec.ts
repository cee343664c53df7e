import fc from 'fast-check';
import { DEFAULT_PLAN, formsOf, type NumberPlan, toE164 } from './numbers.js';

const japan: NumberPlan = { ...DEFAULT_PLAN, countryCode: '81', internationalPrefixes: ['00', '010'] };
const america: NumberPlan = { countryCode: '1', trunkPrefix: '1', internationalPrefixes: ['011'] };
const denmark: NumberPlan = { countryCode: '45', trunkPrefix: '', internationalPrefixes: ['00'] };

it.each([
  ['+815012345678', japan, '+815012345678'],
  ['05012345678', japan, '+815012345678'],
  ['00815012345678', japan, '+815012345678'],
  ['010815012345678', japan, '+815012345678'],
  ['050-1234-5678', japan, '+815012345678'],
  ['+81 (50) 1234.5678', japan, '+815012345678'],
  ['+815012345678;npdi', japan, '+815012345678'],
  ['12125550100', america, '+12125550100'],
  ['011442079460000', america, '+442079460000'],
  ['32123456', denmark, '+4532123456'],
  ['004532123456', denmark, '+4532123456'],
])('%s is written as E.164', (written, plan, number) => {
  expect(toE164(written, plan)).toBe(number);
});

it.each([
  ['5000', japan], ['0', japan], ['anonymous', japan], ['', japan], ['+', japan], ['+0812', japan], ['0081', { ...japan, countryCode: undefined }],
  ['+8150123456781234', japan], ['0501234567812345', japan], ['7001;phone-context=example.com', japan], ['2125550100', america], ['05012345678', DEFAULT_PLAN], ['０５０', japan],
])('%s cannot be a number, and stays as it is', (written, plan) => {
  expect(toE164(written, plan)).toBe(written);
});

it('takes the longest international prefix that fits', () => {
  expect(toE164('001181501', { ...japan, internationalPrefixes: ['00', '0011'] })).toBe('+81501');
  expect(toE164('001181501', { ...japan, internationalPrefixes: ['0011', '00'] })).toBe('+81501');
});

it('has one form or two', () => {
  expect(formsOf('05012345678', japan)).toEqual(['+815012345678', '05012345678']);
  expect(formsOf('+815012345678', japan)).toEqual(['+815012345678']);
});

const national = fc.stringMatching(/^[2-9]\d{4,9}$/);

it('makes one number of every way to write it, and changes nothing the second time', () => {
  fc.assert(fc.property(national, fc.constantFrom(japan, america), (digits, plan) => {
    const number = `+${plan.countryCode}${digits}`;
    const ways = [number, `${plan.trunkPrefix}${digits}`, ...plan.internationalPrefixes.map((prefix) => `${prefix}${plan.countryCode}${digits}`)];
    for (const way of ways) expect(toE164(toE164(way, plan), plan)).toBe(number);
  }));
});

it('answers E.164 or what it was given, whatever that is', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\+?[\d\-. ();a-z=]{0,24}$/)), fc.constantFrom(japan, america, denmark), (written, plan) => {
    const answer = toE164(written, plan);
    if (answer !== written) expect(answer).toMatch(/^\+[1-9]\d{1,14}$/);
  }));
});
