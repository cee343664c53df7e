import { MemoryBus, subjects } from '#cluster';
import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import type { CallEventItem, ScCommand } from '#telephony';
import { CallStreams } from './call-streams.js';

it('a stream of a node that was lost begins with a picture, also when another one opened meanwhile', async () => {
  const clock = new VirtualClock();
  const bus = new MemoryBus({ clock, log: silentLog, meter: new CountingMeter() });
  const applied: string[] = [];
  const asked: ScCommand[] = [];
  bus.subscribe(subjects.scCommand('N2'), (message) => void asked.push(message as ScCommand));
  const streams = new CallStreams('7001', 1, false, { bus, clock }, { onItem: (_node, { event }) => void applied.push(event.msg), onPicture: () => {} });
  const frame = (stream: string, msg: string): void => {
    const item: CallEventItem = { event: { msg, ThisDN: '7001' }, business: true };
    streams.heard({ kind: 'frame', node: stream.split('/')[0] as string, stream, seq: 1, items: [item] });
  };
  frame('N2/1/1', 'EventRinging');
  streams.lost('N2');
  frame('N1/1/1', 'EventDialing');
  frame('N2/1/1', 'EventRinging');
  await clock.advance(100);
  expect(applied).toEqual(['EventRinging', 'EventDialing']);
  expect(asked.at(-1)).toMatchObject({ kind: 'ack', stream: 'N2/1/1', resync: true });
  streams.close();
});
