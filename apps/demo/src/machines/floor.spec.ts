import type { TEvent } from '#tlib';
import { Floor } from './floor.js';

function watching() {
  const floor = new Floor('5000');
  let nowMs = 0;
  const see = (msg: string, thisDN: string, connID?: string, more: object = {}) => {
    nowMs += 1_000;
    floor.on({ msg, ThisDN: thisDN, ...(connID === undefined ? {} : { ConnID: connID }), ...more } as TEvent, nowMs);
  };
  see('EventAgentLogin', '7001', undefined, { AgentID: 'agent7001' });
  see('EventAgentReady', '7001');
  return { floor, see };
}

const seat = (floor: Floor): unknown => floor.seats().map(({ state, sinceMs }) => `${state} since ${sinceMs}`)[0];

it('follows a call from the queue to its end', () => {
  const { floor, see } = watching();
  see('EventQueued', '5000', 'a');
  expect(floor.live()).toEqual({ queued: 1, ringing: 0, talking: 0 });
  see('EventRinging', '7001', 'a');
  expect([floor.live().ringing, seat(floor)]).toEqual([1, 'ringing since 4000']);
  see('EventRouteUsed', '5000', 'a', { RouteType: 'Unknown' });
  see('EventDiverted', '5000', 'a');
  see('EventEstablished', '7001', 'a');
  see('EventHeld', '7001', 'a');
  expect([floor.live().talking, seat(floor), floor.outcomes.answered]).toEqual([1, 'talking since 7000', 1]);
  see('EventReleased', '7001', 'a');
  expect([floor.live(), seat(floor), floor.outcomes]).toEqual([
    { queued: 0, ringing: 0, talking: 0 }, 'ready since 9000', { answered: 1, abandoned: 0, defaultRouted: 0 },
  ]);
});

it('a call that an agent declined waits again', () => {
  const { floor, see } = watching();
  see('EventQueued', '5000', 'a');
  see('EventRinging', '7001', 'a');
  see('EventReleased', '7001', 'a');
  see('EventAgentNotReady', '7001');
  expect([floor.live().queued, seat(floor)]).toEqual([1, 'not ready since 6000']);
});

it.each([
  ['EventAbandoned', {}, { answered: 0, abandoned: 1, defaultRouted: 0 }],
  ['EventReleased', {}, { answered: 0, abandoned: 0, defaultRouted: 1 }],
  ['EventRouteUsed', { RouteType: 'Default' }, { answered: 0, abandoned: 0, defaultRouted: 1 }],
])('counts %s at the Routing Point once', (msg, more, outcomes) => {
  const { floor, see } = watching();
  see('EventQueued', '5000', 'a');
  see(msg, '5000', 'a', more);
  see('EventDiverted', '5000', 'a');
  see('EventReleased', '5000', 'a');
  expect([floor.outcomes, floor.live().queued]).toEqual([outcomes, 0]);
});

it('shows nobody who has logged out, and knows after-call work', () => {
  const { floor, see } = watching();
  see('EventAgentNotReady', '7001', undefined, { AgentWorkMode: 'AfterCallWork' });
  expect(seat(floor)).toMatch(/^after call/);
  see('EventAgentLogout', '7001');
  expect(floor.seats()).toEqual([]);
});

it('counts events of the last whole seconds', () => {
  const floor = new Floor('5000');
  for (let ms = 0; ms < 10_000; ms += 100) floor.on({ msg: 'EventACK' }, ms);
  expect([floor.eventsPerSecond(10_000), floor.events]).toEqual([10, 100]);
});
