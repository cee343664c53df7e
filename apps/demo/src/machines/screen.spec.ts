import { draw, oneLine, type Picture, summary } from './screen.js';

const OUTCOMES = { answered: 5, abandoned: 2, defaultRouted: 1 };
const PICTURE: Picture = {
  title: 'demo', elapsedMs: 3_725_000, nowMs: 10_000, started: 9, live: { queued: 1, ringing: 0, talking: 2 }, outcomes: OUTCOMES, refused: 0,
  callsPerSecond: 1, eventsPerSecond: 12.34, events: 99,
  seats: ['7003', '7001', '7002'].map((dn) => ({ dn, agentID: `agent${dn}`, state: 'talking', sinceMs: 2_000 })),
};
const COLOUR = /\u001b\[\d+m/g;

it('fits the terminal, agents in order', () => {
  const lines = draw(PICTURE, 70, 7).map((line) => line.replace(COLOUR, ''));
  expect(lines).toHaveLength(7);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(70);
  expect(lines[0]).toContain('1:02:05');
  expect(lines[6]).toMatch(/^agent7001 +talking +0:08 +agent7002/);
});

it('says the same on one line', () => {
  expect(oneLine(PICTURE)).toBe(
    '1:02:05 queued 1 ringing 0 talking 2 | answered 5 abandoned 2 default-routed 1 | agents 3 ready 0 | 1.0 calls/s 12.3 events/s');
});

it.each([
  ['adds up', {}, true],
  ['does not, when a call is missing', { started: 9 }, false],
  ['does not, when the monitor saw it differently', { monitor: { ...OUTCOMES, answered: 4, abandoned: 3 } }, false],
  ['does not, when a call ended in none of the three', { refused: new Map([[503, 1]]) }, false],
])('the summary %s', (_name, change, addsUp) => {
  const accounts = { started: 8, callers: OUTCOMES, refused: new Map<number, number>(), monitor: OUTCOMES, events: 1 };
  expect(summary({ ...accounts, ...change }).addsUp).toBe(addsUp);
});
