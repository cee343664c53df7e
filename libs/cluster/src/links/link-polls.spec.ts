import { CountingMeter } from '#kernel';
import { World } from '#simulation';
import { LinkPolls } from './link-polls.js';

const EVERY_MS = 10_000;

async function two(world: World): Promise<{ polls: LinkPolls; meter: CountingMeter }> {
  let made: { polls: LinkPolls; meter: CountingMeter } | undefined;
  for (const [name, peer] of [['A', 'B'], ['B', 'A']] as const) {
    await world.start(name, (ports) => {
      const polls = new LinkPolls(name, EVERY_MS, ports, () => [{ instance: peer, dataCentre: 'dc2' }]);
      polls.start();
      made ??= { polls, meter: ports.meter };
      return { close: () => polls.close() };
    });
  }
  return made!;
}

it('TC-29: shows a delay that is added, each way, and when it was measured', async () => {
  const world = new World(1);
  const { polls, meter } = await two(world);
  expect(polls.list()).toEqual([]);
  await world.advance(EVERY_MS + 100);
  expect(polls.list()).toMatchObject([{ peer: 'B', dataCentre: 'dc2', RTT: 2, TXT: 1, RXT: 1, TX_QUEUE_LEN: 0, RX_QUEUE_LEN: 0, polls: 1, unanswered: 0 }]);
  world.network.setQuality({ delayMsMin: 51, delayMsMax: 51 });
  await world.advance(EVERY_MS + 1_000);
  const [link] = polls.list();
  expect(link).toMatchObject({ RTT: 102, TXT: 51, RXT: 51 });
  expect(world.clock.nowMs() - link!.LAST_TS!).toBeLessThan(1_100);
  expect(meter.value('link_rtt_ms', { instance: 'A', peer: 'B' })).toBe(102);
  await world.close();
});

it('keeps the last figures of a peer that does not answer, and counts', async () => {
  const world = new World(1);
  const { polls } = await two(world);
  await world.advance(EVERY_MS + 100);
  world.crash('B');
  await world.advance(2 * EVERY_MS + 6_000);
  expect(polls.list()).toMatchObject([{ RTT: 2, polls: 3, unanswered: 2 }]);
  await world.close();
});
