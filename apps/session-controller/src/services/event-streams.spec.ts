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
    streams.acknowledged({ dn: '7001', stream: 'N1/boot/77', upTo: 0, resync: true });
    await clock.advance(10);
    expect(sent).toMatchObject([{ kind: 'resync', node: 'N1', calls }]);
    const [picture] = sent as Extract<DnCommand, { kind: 'resync' }>[];
    streams.acknowledged({ dn: '7001', stream: picture!.stream, upTo: picture!.seq, resync: false });
    expect(streams.size).toBe(calls.length);
    streams.close();
  }
});

it('a late acknowledgement of a stream that is forgotten opens none', () => {
  const { streams } = stand([]);
  streams.acknowledged({ dn: '7001', stream: 'N1/boot/77', upTo: 5, resync: false });
  expect(streams.size).toBe(0);
});

it('a claim that is said again brings no second picture to an owner that acknowledged the first, but to one that stood still for too long', async () => {
  const { clock, sent, streams } = stand([CALL]);
  const pictures = (): number => sent.filter(({ kind }) => kind === 'resync').length;
  const acknowledge = (epoch: number): void => {
    const { stream, seq } = sent.at(-1) as Extract<DnCommand, { kind: 'resync' }>;
    streams.acknowledged({ dn: '7001', stream, upTo: seq, resync: false, epoch });
  };
  streams.resync('7001');
  await clock.advance(10);
  acknowledge(5);
  for (const [epoch, expected] of [[5, 1], [6, 2], [6, 3]] as const) {
    streams.claimed('7001', epoch);
    await clock.advance(10);
    expect(pictures()).toBe(expected);
  }
  acknowledge(6);
  streams.claimed('7001', 6);
  await clock.advance(10);
  expect(pictures()).toBe(3);
  streams.push('7001', { event: { msg: 'EventHeld', ThisDN: '7001' }, business: true });
  streams.flush();
  await clock.advance(60_000);
  streams.claimed('7001', 6);
  await clock.advance(10);
  expect(pictures()).toBe(4);
  streams.close();
});
