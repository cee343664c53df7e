import fc from 'fast-check';
import {
  agentSlots, dnisCounter, escapeName, ghostsCounter, readyCounter, talkingCounter, unescapeName, waitingCounter, wayCounter,
} from './counters.js';

const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).filter((text) => !/\p{Cs}/u.test(text));

it('names counters by their kind', () => {
  expect([dnisCounter('+81501234567'), waitingCounter('VQ_Sales'), talkingCounter('q 1'), readyCounter('a:b'), ghostsCounter('r1'), agentSlots('7/1')])
    .toEqual(['dnis:+81501234567', 'waiting:VQ_Sales', 'talking:q%201', 'ready:a%3Ab', 'ghosts:r1', 'agent/7%2F1']);
});

it('gives names without spaces, from which the thing can be read back', () => {
  fc.assert(fc.property(name, (text) => {
    expect(dnisCounter(text)).toMatch(/^dnis:[A-Za-z0-9+._*#@%-]+$/);
    expect(unescapeName(escapeName(text))).toBe(text);
  }));
});

it('names a set of queues alike in any order, and no two sets alike', () => {
  const sets = fc.uniqueArray(name, { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(sets, sets, (a, b) => {
    expect(wayCounter([...a].reverse())).toBe(wayCounter(a));
    const same = [...a].sort().join('\0') === [...b].sort().join('\0');
    expect(wayCounter(a) === wayCounter(b)).toBe(same);
  }));
});

it('keeps the name of a number short that no rule can have', () => {
  expect(dnisCounter('5'.repeat(9_000))).toMatch(/^dnis:~[\w-]{43}$/);
  expect(dnisCounter('5'.repeat(64))).toBe(`dnis:${'5'.repeat(64)}`);
});

it('keeps the name of a large set short', () => {
  const queues = Array.from({ length: 100 }, (_, index) => `queue-${index}`);
  expect(wayCounter(queues)).toMatch(/^way:~[\w-]{43}$/);
  expect(wayCounter(queues.slice(1))).not.toBe(wayCounter(queues));
  expect(wayCounter(['a', 'b'])).not.toBe(wayCounter(['a,b']));
});
