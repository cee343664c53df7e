import { MemoryBus, subjects } from '#cluster';
import { CountingMeter, silentLog } from '#kernel';
import { VirtualClock } from '#simulation';
import type { CallView, DnCommand } from '#telephony';
import { EventStreams } from './event-streams.js';

const CALL: CallView = { connID: '0010000000000001', callUUID: 'u', callID: 1, callType: 'Inbound', node: 'N1', partyState: 0xc, business: true };

function stand(calls: readonly CallView[]) {
  const clock = new VirtualClock();
  const meter = new CountingMeter();
  const bus = new MemoryBus({ clock, log: silentLog, meter });
  const sent: DnCommand[] = [];
  bus.subscribe(subjects.dnCommand('7001'), (message) => sent.push(message as DnCommand));
  const streams = new EventStreams({ bus, clock, meter, callsOf: () => [...calls], kept: () => {} }, 'N1', 'boot');
  return { clock, sent, streams };
}

it('who asks about a stream that is forgotten hears which calls there are, also when there are none', async () => {
  for (const calls of [[], [CALL]]) {
    const { clock, sent, streams } = stand(calls);
    streams.acknowledged('7001', 'N1/boot/77', 0, true);
    await clock.advance(10);
    expect(sent).toMatchObject([{ kind: 'resync', node: 'N1', calls }]);
    const [picture] = sent as Extract<DnCommand, { kind: 'resync' }>[];
    streams.acknowledged('7001', picture!.stream, picture!.seq, false);
    expect(streams.size).toBe(calls.length);
    streams.close();
  }
});

it('a late acknowledgement of a stream that is forgotten opens none', () => {
  const { streams } = stand([]);
  streams.acknowledged('7001', 'N1/boot/77', 5, false);
  expect(streams.size).toBe(0);
});
