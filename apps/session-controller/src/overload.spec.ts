import { subjects } from '#cluster';
import type { ScReply } from '#telephony';
import { Bench } from './fixtures/core.fixture.js';
import { Device, sdp } from './fixtures/far-end.fixture.js';
import { SWITCH } from './fixtures/switch.fixture.js';

const SBC = { host: '192.0.2.9', port: 5090 };

/** A call waits at 5000 while the node is in time; then its loop stands still for a second. */
async function late(bench = new Bench()) {
  await bench.start();
  bench.client('r1', '5000');
  bench.loop.sample();
  const caller = new Device(bench.far, '8880001', SBC);
  const invite = caller.invite('5000', { sdp: sdp('caller') });
  await bench.settle();
  bench.far.clear();
  await bench.clock.advance(1_000);
  bench.loop.late = 1_000;
  return { bench, caller, invite };
}

const call = (bench: Bench, number: string): void => void new Device(bench.far, number, SBC).invite('5000', { sdp: sdp('x') });

describe('a node whose event loop runs late (docs/specs/overload.md)', () => {
  it('refuses a new call with 503 and Retry-After, and keeps the one that it has', async () => {
    const { bench } = await late();
    call(bench, '8880002');
    expect(bench.far.takeResponse(503, 'INVITE').header('Retry-After')).toBe('5');
    expect(bench.core.calls).toBe(1);
    expect([bench.meter.count('sc_overload_refused_total'), bench.meter.count('sc_invites_refused_total'), bench.meter.count('sc_overloads_total')]).toEqual([1, 1, 1]);
    expect([bench.meter.value('sc_overload_level'), bench.meter.value('sc_overload_limit')]).toEqual([1, 10]);
  });

  it('refuses a phone, too, after its digest and not instead of it', async () => {
    const { bench } = await late();
    new Device(bench.far, '7001').invite('5000', { sdp: sdp('x') });
    bench.far.takeResponse(401);
    new Device(bench.far, '7002').invite('5000', { sdp: sdp('x'), headers: [['X-Cordboard-Flow', 'registered;dn=7002']] });
    bench.far.takeResponse(503);
    expect(bench.meter.count('sc_overload_refused_total')).toBe(1);
  });

  it('refuses a call by request with an error that says when to ask again', async () => {
    const { bench } = await late();
    const replies: ScReply[] = [];
    const origin = { instance: 'N2/t-controller', session: 's1', referenceID: 9, applicationName: 'WDE' };
    bench.bus.request(subjects.scCommand('N1'), { kind: 'request', request: { msg: 'RequestMakeCall', ThisDN: '7001', OtherDN: '7002' }, origin }, 5_000, (reply) => {
      if (reply.kind === 'reply') replies.push(reply.message as ScReply);
    });
    await bench.settle();
    expect(replies).toMatchObject([{ kind: 'error', message: 'node N1 is overloaded: ask again in a few seconds' }]);
    expect(bench.far.ladder()).not.toContain('INVITE');
  });

  it('serves CANCEL, BYE, REGISTER and OPTIONS as ever', async () => {
    const { bench, caller, invite } = await late();
    call(bench, '8880002');
    bench.far.takeResponse(503, 'INVITE');
    caller.cancel(invite);
    bench.far.takeResponse(200, 'CANCEL');
    bench.far.takeResponse(487, 'INVITE');
    new Device(bench.far, '7001').register([]);
    bench.far.takeResponse(401);
    expect(bench.core.ready()).toBe(true);
    expect(bench.core.calls).toBe(0);
  });

  it('lets an established call hang up', async () => {
    const bench = new Bench();
    await bench.start();
    const router = bench.client('r1', '5000');
    const caller = new Device(bench.far, '8880001', SBC);
    const invite = caller.invite('5000', { sdp: sdp('caller') });
    await bench.settle();
    const ConnID = String(router.events.find((event) => event.msg === 'EventRouteRequest')?.ConnID);
    bench.ask(router, { msg: 'RequestRouteCall', ReferenceID: 3, ThisDN: '5000', ConnID, OtherDN: '7001', RouteType: 'Default' });
    await bench.settle();
    const agent = new Device(bench.far, '7001');
    agent.answer(bench.far.takeRequest('INVITE'), 200, { sdp: sdp('agent') });
    await bench.settle();
    caller.joins(bench.far.takeResponse(200, 'INVITE'));
    caller.ack(invite);
    bench.loop.sample();
    await bench.clock.advance(1_000);
    bench.loop.late = 1_000;
    bench.loop.sample();
    call(bench, '8880002');
    bench.far.takeResponse(503, 'INVITE');
    bench.far.clear();
    caller.request('BYE');
    bench.far.takeResponse(200, 'BYE');
    bench.far.takeRequest('BYE');
  });

  it('takes calls again when the loop is in time', async () => {
    const { bench } = await late();
    call(bench, '8880002');
    bench.loop.late = 0;
    for (let i = 0; i < 200; i += 1) {
      await bench.clock.advance(50);
      bench.loop.sample();
    }
    expect(bench.meter.value('sc_overload_level')).toBe(0);
    for (const number of ['8880003', '8880004', '8880005']) call(bench, number);
    await bench.settle();
    expect(bench.core.calls).toBe(3);
  });

  it('is not overloaded by calls that wait, however many and however long', async () => {
    const bench = new Bench();
    await bench.start();
    bench.client('r1', '5000');
    for (let i = 0; i < 100; i += 1) call(bench, `88810${String(i).padStart(2, '0')}`);
    for (let i = 0; i < 160; i += 1) {
      await bench.clock.advance(50);
      bench.loop.sample();
    }
    call(bench, '8880002');
    await bench.settle();
    expect([bench.core.calls, bench.meter.count('sc_overload_refused_total')]).toEqual([101, 0]);
  });

  it('takes every call when overload-lateness is 0', async () => {
    const { bench } = await late(new Bench(SWITCH.replace('options:', 'options:\n    overload-lateness: 0')));
    expect(bench.loop.watched).toBe(false);
    call(bench, '8880002');
    await bench.settle();
    expect(bench.core.calls).toBe(2);
  });

  it('measures nothing any more when it is closed', async () => {
    const { bench } = await late();
    expect(bench.loop.watched).toBe(true);
    bench.core.close();
    expect(bench.loop.watched).toBe(false);
  });
});
