import { T0, Told } from '../fixtures/told.fixture.js';

const results = (told: Told): unknown[] => told.records('queueResult').map(({ connID, atMs, data: { result, target, endedAtMs } }) =>
  [connID, atMs - T0, result, target, endedAtMs === undefined ? undefined : endedAtMs - T0]);

describe('results of virtual queues', () => {
  it('says how each call left: to an agent, by the caller, or with its router', () => {
    const told = new Told().queue('Queued', 'a').queue('Queued', 'b').queue('Queued', 'c').queue('Queued', 'd').after(7)
      .queue('Diverted', 'a', { ThirdPartyDN: '7001' }).queue('Abandoned', 'b').queue('Diverted', 'c', { CallState: 'Redirected' });
    expect(results(told)).toEqual([
      ['a', 0, 'diverted', '7001', 7_000], ['b', 0, 'abandoned', '', 7_000], ['c', 0, 'cleared', '', 7_000], ['d', 0, undefined, '', undefined],
    ]);
    expect(told.held).toEqual([4]);
  });

  it('a call that another router takes over waits since it came', () => {
    const told = new Told().queue('Queued', 'a').after(3).queue('Queued', 'a').after(2).queue('Diverted', 'a', { ThirdPartyDN: '7001' });
    expect(results(told)).toEqual([['a', 0, 'diverted', '7001', 5_000]]);
  });

  it('makes nothing of a call that it did not hear come, and gives up after a day', () => {
    const told = new Told().queue('Diverted', 'x').queue('Queued', 'a').after(24 * 3_600).tick();
    expect(results(told)).toEqual([['a', 0, 'cleared', '', 24 * 3_600_000]]);
    expect(told.held).toEqual([]);
  });
});
