import { VirtualClock } from '#simulation';
import { CatchUp } from './catch-up.js';

describe('catching up after the start', () => {
  const begin = () => {
    const clock = new VirtualClock();
    const catchUp = new CatchUp(clock);
    catchUp.start();
    const told: number[] = [];
    return { clock, catchUp, told, ask: () => catchUp.whenOver(() => told.push(clock.nowMs())) };
  };
  const startMs = new VirtualClock().nowMs();

  it('waits until every T-Controller had the time to say that it lives', async () => {
    const { clock, ask, told } = begin();
    ask();
    await clock.advance(1_199);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual([startMs + 1_200]);
    ask();
    expect(told).toHaveLength(2);
  });

  it('waits for what is being read, and no longer than 2 s', async () => {
    const { clock, catchUp, ask, told } = begin();
    const [one, other] = [catchUp.reading(), catchUp.reading()];
    ask();
    await clock.advance(1_500);
    one();
    expect(told).toEqual([]);
    other();
    expect(told).toEqual([startMs + 1_500]);

    const slow = begin();
    slow.catchUp.reading();
    slow.ask();
    await slow.clock.advance(2_000);
    expect(slow.told).toEqual([startMs + 2_000]);
  });

  it('tells nobody any more when it is closed', async () => {
    const { clock, catchUp, ask, told } = begin();
    ask();
    catchUp.close();
    await clock.advance(10_000);
    expect(told).toEqual([]);
  });
});
