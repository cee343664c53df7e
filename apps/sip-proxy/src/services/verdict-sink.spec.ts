import { subjects } from '#cluster';
import type { CountingMeter } from '#kernel';
import { World } from '#simulation';
import type { CallVerdict, KeepVerdicts } from '#telephony';
import { BusVerdictSink } from './verdict-sink.js';

const verdict = (id: number): CallVerdict => ({
  id: `p1.x.${id}`, atMs: id, verdict: 'passed', dnis: '5000', dnisForms: ['5000'], ani: '1', aniForms: ['1'], trunk: 'T', sipCode: 0, reason: '', rules: [],
  division: '', withoutStore: '', callId: 'c', proxy: 'p1', dataCentre: 'dc1',
});

describe('verdicts on their way to a recorder', () => {
  let world: World;
  let meter: CountingMeter;
  let sink: BusVerdictSink;
  let got: number[][];
  let answers: boolean;

  beforeEach(async () => {
    world = new World(1);
    got = [];
    answers = true;
    await world.start('recorder', ({ bus }) => {
      const subscription = bus.subscribe(subjects.verdicts('dc1'), (message, { respond }) => {
        got.push((message as KeepVerdicts).verdicts.map(({ atMs }) => atMs));
        if (answers) respond?.({ kind: 'kept' });
      }, { queue: 'recorder' });
      return { close: () => subscription.unsubscribe() };
    });
    await world.start('p1', (ports) => {
      ({ meter } = ports);
      sink = new BusVerdictSink(ports, 'dc1');
      return { close: () => sink.close() };
    });
  });
  afterEach(() => world.close());

  const tell = (from: number, to: number): void => {
    for (let id = from; id <= to; id += 1) sink.tell(verdict(id));
  };

  it('go together within 0.1 s, or a hundred at once', async () => {
    tell(1, 3);
    await world.advance(90);
    expect(got).toEqual([]);
    await world.advance(30);
    expect(got).toEqual([[1, 2, 3]]);
    tell(4, 110);
    await world.advance(50);
    expect(got.map((batch) => batch.length)).toEqual([3, 100]);
    await world.advance(150);
    expect(got.flat()).toEqual(Array.from({ length: 110 }, (_, i) => i + 1));
    expect(meter.count('limits_verdicts_kept_total')).toBe(110);
    expect(meter.value('limits_verdicts_queued')).toBe(0);
  });

  it('are sent again, the same batch, until a recorder answers', async () => {
    answers = false;
    tell(1, 2);
    await world.advance(1_000);
    tell(3, 3);
    await world.advance(6_000);
    expect(got.every((batch) => batch.join() === '1,2')).toBe(true);
    expect(got.length).toBeGreaterThan(1);
    answers = true;
    await world.advance(6_000);
    expect(got.at(-1)).toEqual([3]);
    expect(meter.count('limits_verdicts_kept_total')).toBe(3);
  });

  it('are bounded: the oldest of too many go, and are counted', async () => {
    world.crash('recorder');
    tell(1, 10_105);
    await world.advance(1_000);
    expect(meter.value('limits_verdicts_queued')).toBeLessThanOrEqual(10_100);
    expect(meter.count('limits_verdicts_dropped_total')).toBe(5);
  });
});
