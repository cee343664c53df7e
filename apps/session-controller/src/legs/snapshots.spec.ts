/** Legs that another process carries on from their snapshots (docs/specs/pairs.md): each state of a leg, and what the far end sees. */
import { Device, FarEnd, sdp } from '../fixtures/far-end.fixture.js';
import { bench, established, inviting } from '../fixtures/leg-bench.fixture.js';
import { OPENING_LEG } from './leg-layer.js';
import type { LegEntry } from './snapshots.js';

type Bench = ReturnType<typeof bench>;

const TAKE_OVER_MS = 1_500;
/** Beyond the numbers that the process before may have used. */
const FIRST_CSEQ = 101;

/** The other half, with what JSON carries of the legs; the far ends talk to it from now on. */
function carriedOn(before: Bench, options: Record<string, string> = {}): Bench {
  const entries = JSON.parse(JSON.stringify(before.legs.snapshots(before.call))) as LegEntry[];
  const debts = JSON.parse(JSON.stringify([...before.debts])) as [string, never][];
  before.far.clear();
  const after = bench(options, before.far, 2);
  after.clock.skip(before.clock.nowMs() - after.clock.nowMs() + TAKE_OVER_MS);
  after.legs.adopt(after.call, entries);
  expect(after.far.ladder()).toEqual([]);
  after.legs.resume(after.call);
  for (const [id, debt] of debts) after.owed.restore(id, debt);
  return after;
}

function called(options: Record<string, string> = {}, offer: string | undefined = sdp('caller')) {
  const it = bench(options);
  const caller = new Device(it.far, '8880001');
  return { it, caller, open: () => caller.invite('5000', offer === undefined ? {} : { sdp: offer }) };
}

describe('a leg that called us', () => {
  it('unanswered: hears its 180 again, also when it repeats its INVITE, and is answered', () => {
    const { it, caller, open } = called();
    const invite = open();
    it.perform({ kind: 'ring', leg: OPENING_LEG, status: 180, sdp: null });
    const tag = it.far.takeResponse(180).to.tag;
    const next = carriedOn(it);
    expect(next.far.ladder()).toEqual(['180 INVITE']);
    next.far.deliver(invite);
    expect(next.far.ladder()).toEqual(['180 INVITE', '180 INVITE']);
    next.perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    const ok = next.far.takeResponse(200);
    expect([ok.to.tag, ok.body, ok.header('Session-Expires')]).toEqual([tag, sdp('agent'), '1800;refresher=uas']);
    caller.joins(ok);
    caller.ack(invite);
    expect(next.take()).toEqual([{ kind: 'acked', leg: OPENING_LEG, sdp: null }]);
  });

  it('unanswered and silent: 100 after 200 ms, and a CANCEL finds it', () => {
    const { it, caller, open } = called();
    const invite = open();
    const next = carriedOn(it);
    next.clock.skip(200);
    expect(next.far.ladder()).toEqual(['100 INVITE']);
    caller.cancel(invite);
    expect(next.far.ladder()).toEqual(['100 INVITE', '200 CANCEL', '487 INVITE']);
    expect(next.take()).toEqual([{ kind: 'gone', leg: OPENING_LEG, cause: 'cancel' }]);
    expect(next.legs.size).toBe(0);
  });

  it('over a connection that is gone: the answer goes to where its proxy listens', () => {
    const { it } = called();
    const to: string[] = [];
    const send = FarEnd.prototype.send;
    it.far.send = function sent(bytes, target) {
      to.push(`${target.transport} ${target.port}`);
      send.call(this, bytes, target);
    };
    const deliver = it.far.deliver.bind(it.far);
    it.far.deliver = (message) => it.far.onMessage(message, {
      transport: 'tcp', localHost: '127.0.0.1', localPort: 5070, host: '127.0.0.1', port: 44_444, key: 'tcp:127.0.0.1:44444',
    });
    new Device(it.far, '8880001').invite('5000', { sdp: sdp('caller') });
    it.far.deliver = deliver;
    const next = carriedOn(it);
    next.perform({ kind: 'reject', leg: OPENING_LEG, status: 486, reason: 'Busy Here' });
    expect(to).toEqual(['tcp 5060']);
  });

  it('with a reliable 180 open: sends it again, takes the PRACK, and then answers', () => {
    const { it, caller, open } = called();
    it.reliably();
    open();
    it.perform({ kind: 'ring', leg: OPENING_LEG, status: 180, sdp: null });
    const ringing = it.far.takeResponse(180);
    it.perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    const next = carriedOn(it);
    expect(next.far.takeResponse(180).header('RSeq')).toBe(ringing.header('RSeq'));
    caller.joins(ringing);
    caller.request('PRACK', { headers: [['RAck', `${ringing.header('RSeq')} 1 INVITE`]] });
    expect(next.far.ladder()).toEqual(['200 PRACK', '200 INVITE']);
  });

  it('answered: repeats its 200 until the ACK, whose description is passed on; a BYE that is owed follows', () => {
    const { it, caller, open } = called({}, undefined);
    const invite = open();
    it.perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('our offer') });
    const ok = it.far.takeResponse(200);
    const next = carriedOn(it);
    next.clock.skip(1_000);
    expect(next.far.sent.map((message) => message.bytes)).toEqual([ok.bytes, ok.bytes]);
    const last = carriedOn(next);
    last.perform({ kind: 'bye', leg: OPENING_LEG });
    caller.joins(ok);
    last.far.clear();
    caller.ack(invite, sdp('answer'));
    expect(last.far.takeRequest('BYE').cseq.seq).toBeGreaterThanOrEqual(FIRST_CSEQ);
    expect(last.debts.size).toBe(1);
  });

  it('never acknowledged: BYE after 32 s', () => {
    const { it, open } = called();
    open();
    it.perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    const next = carriedOn(it);
    next.clock.skip(32_100);
    next.far.takeRequest('BYE');
    expect(next.take()).toEqual([{ kind: 'gone', leg: OPENING_LEG, cause: 'lost' }]);
  });

  it('refused without an ACK: refused again, though its call is over', () => {
    const { it, open } = called();
    const invite = open();
    it.perform({ kind: 'reject', leg: OPENING_LEG, status: 486, reason: 'Busy Here' });
    expect(it.legs.size).toBe(0);
    const next = carriedOn(it);
    expect(next.far.ladder()).toEqual(['486 INVITE']);
    const { branch, sentBy } = invite.topVia;
    next.far.deliver(invite.edit().replaceFirst('Via', `SIP/2.0/UDP ${sentBy};branch=${branch}`).build());
    expect(next.far.ladder()).toEqual(['486 INVITE', '486 INVITE']);
    expect(next.take()).toEqual([]);
  });
});

describe('a leg that we called', () => {
  it('inviting: sends its INVITE again as it was; what answers then rings, is connected, and hears higher numbers', () => {
    const it = bench();
    it.perform(inviting());
    const invite = it.far.takeRequest('INVITE');
    const next = carriedOn(it);
    expect(next.far.sent.map((message) => message.bytes)).toEqual([invite.bytes]);
    const agent = new Device(next.far, '7001');
    agent.answer(invite, 180);
    agent.answer(invite, 200, { sdp: sdp('agent') });
    expect(next.take().map(({ kind }) => kind)).toEqual(['progress', 'answered']);
    next.far.clear();
    next.perform({ kind: 'ack', leg: 'L1', sdp: null });
    next.perform({ kind: 'bye', leg: 'L1' });
    expect(next.far.sent.map((message) => message.cseq.seq)).toEqual([1, 1 + FIRST_CSEQ]);
  });

  it('cancelled: cancelled again by its own branch, and its end is heard', () => {
    const it = bench();
    it.perform(inviting());
    const invite = it.far.takeRequest('INVITE');
    const agent = new Device(it.far, '7001');
    agent.answer(invite, 180);
    it.perform({ kind: 'cancel', leg: 'L1' });
    const next = carriedOn(it);
    expect(next.far.takeRequest('CANCEL').topVia.branch).toBe(invite.topVia.branch);
    next.clock.skip(200);
    agent.answer(invite, 487);
    expect(next.take()).toEqual([{ kind: 'rejected', leg: 'L1', status: 487, reason: 'Request Terminated' }]);
  });

  it('cancelled and given up by its call: a 200 that crosses gets ACK and BYE', () => {
    const it = bench();
    it.perform(inviting());
    const invite = it.far.takeRequest('INVITE');
    const agent = new Device(it.far, '7001');
    agent.answer(invite, 180);
    it.perform({ kind: 'cancel', leg: 'L1' });
    it.perform({ kind: 'bye', leg: 'L1' });
    const next = carriedOn(it);
    agent.answer(invite, 200, { sdp: sdp('agent') });
    expect(next.far.ladder()).toEqual(['CANCEL', 'ACK', 'BYE']);
    expect(next.take()).toEqual([]);
  });

  it('answered: waits for the answer to the offer, and acknowledges with it', () => {
    const it = bench();
    it.perform(inviting({ sdp: null }));
    const invite = it.far.takeRequest('INVITE');
    const agent = new Device(it.far, '7001');
    agent.answer(invite, 200, { sdp: sdp('offer of the phone') });
    const next = carriedOn(it);
    agent.answer(invite, 200, { sdp: sdp('offer of the phone') });
    expect(next.far.ladder()).toEqual([]);
    next.perform({ kind: 'ack', leg: 'L1', sdp: sdp('answer') });
    expect(next.far.takeRequest('ACK').body).toBe(sdp('answer'));
  });
});

describe('an established dialog', () => {
  it('sends a fresh ACK again, and for each 200 that comes again; an old one is not repeated', () => {
    const { it, agent, invite } = established();
    const next = carriedOn(it);
    expect(next.far.ladder()).toEqual(['ACK']);
    agent.answer(invite, 200, { sdp: sdp('agent') });
    expect(next.far.ladder()).toEqual(['ACK', 'ACK']);
    next.clock.skip(40_000);
    expect(carriedOn(next).far.ladder()).toEqual([]);
  });

  it('takes offers and makes offers, with numbers that cannot collide, and ends from both sides', () => {
    const { it, agent } = established();
    const next = carriedOn(it);
    next.far.clear();
    const hold = agent.request('INVITE', { sdp: sdp('hold') });
    expect(next.take()).toEqual([{ kind: 'offered', leg: 'L1', sdp: sdp('hold') }]);
    next.perform({ kind: 'answerOffer', leg: 'L1', sdp: sdp('held') });
    next.far.takeResponse(200);
    agent.ack(hold);
    next.perform({ kind: 'offer', leg: 'L1', sdp: sdp('ours') });
    const offer = next.far.takeRequest('INVITE');
    expect(offer.cseq.seq).toBe(1 + FIRST_CSEQ);
    agent.answer(offer, 200, { sdp: sdp('theirs') });
    next.far.takeRequest('ACK');
    agent.request('BYE');
    next.far.takeResponse(200, 'BYE');
    expect(next.take().at(-1)).toEqual({ kind: 'gone', leg: 'L1', cause: 'bye' });
  });

  it('refreshes its session when it is due, counted from the last refresh', () => {
    const { it } = established({}, [['Allow', 'INVITE, UPDATE'], ['Session-Expires', '600;refresher=uac']]);
    const next = carriedOn(it);
    next.far.clear();
    next.clock.skip(300_000 - TAKE_OVER_MS - 1);
    expect(next.far.ladder()).toEqual([]);
    next.clock.skip(1);
    expect(next.far.ladder()).toEqual(['UPDATE']);
  });

  it('with an offer of ours under way: the re-INVITE leaves again as it was, and its answer counts', () => {
    const { it, agent } = established();
    it.far.clear();
    it.perform({ kind: 'offer', leg: 'L1', sdp: sdp('ours') });
    const offer = it.far.takeRequest('INVITE');
    const next = carriedOn(it);
    expect(next.far.takeRequest('INVITE').bytes).toBe(offer.bytes);
    agent.answer(offer, 200, { sdp: sdp('theirs') });
    expect(next.take()).toEqual([{ kind: 'offerAnswered', leg: 'L1', sdp: sdp('theirs') }]);
  });

  it('... to which nobody answers any more: refused as by a glare, and the dialog lives', () => {
    const { it } = established();
    it.perform({ kind: 'offer', leg: 'L1', sdp: sdp('ours') });
    const next = carriedOn(it);
    next.clock.skip(33_000);
    expect(next.take()).toEqual([{ kind: 'offerRejected', leg: 'L1', status: 491 }]);
    expect(next.legs.size).toBe(1);
  });

  it('... answered with an offer: the ACK with our answer is still owed', () => {
    const { it, agent } = established();
    it.far.clear();
    it.perform({ kind: 'offer', leg: 'L1', sdp: null });
    agent.answer(it.far.takeRequest('INVITE'), 200, { sdp: sdp('full offer') });
    const next = carriedOn(it);
    next.far.clear();
    next.perform({ kind: 'ackOffer', leg: 'L1', sdp: sdp('answer') });
    const ack = next.far.takeRequest('ACK');
    expect([ack.cseq.seq, ack.body]).toEqual([2, sdp('answer')]);
  });

  it('with an offer of theirs under way: it is answered where it is known again, and its 200 repeated until the ACK', () => {
    const { it, agent } = established();
    const theirs = agent.request('INVITE', { sdp: sdp('theirs') });
    const next = carriedOn(it);
    next.far.clear();
    next.far.deliver(theirs);
    expect(next.take()).toEqual([]);
    next.perform({ kind: 'answerOffer', leg: 'L1', sdp: sdp('answer') });
    next.far.takeResponse(200);
    const last = carriedOn(next);
    expect(last.far.takeResponse(200).body).toBe(sdp('answer'));
    agent.ack(theirs);
    last.far.clear();
    last.clock.skip(10_000);
    expect(last.far.ladder()).toEqual([]);
    agent.request('INVITE', { sdp: sdp('next') });
    expect(last.take().at(-1)).toEqual({ kind: 'offered', leg: 'L1', sdp: sdp('next') });
  });

  it('whose offer comes again by another way: it is answered on both, once', () => {
    const { it, agent } = established();
    const theirs = agent.request('INVITE', { sdp: sdp('theirs') });
    const next = carriedOn(it);
    next.far.clear();
    next.far.deliver(theirs.edit().replaceFirst('Via', (theirs.headers('Via')[0] as string).replace(/branch=[^;,]+/, 'branch=z9hG4bKagain')).build());
    expect([next.far.ladder(), next.take()]).toEqual([[], []]);
    next.perform({ kind: 'answerOffer', leg: 'L1', sdp: sdp('answer') });
    const branches = next.far.sent.map((message) => [message.kind, message.topVia.branch, message.body]);
    expect(branches).toEqual([['response', theirs.topVia.branch, sdp('answer')], ['response', 'z9hG4bKagain', sdp('answer')]]);
    agent.ack(theirs);
    next.far.clear();
    next.clock.skip(40_000);
    expect([next.far.ladder(), next.legs.size]).toEqual([[], 1]);
  });

  it('that ended with a BYE nobody answered: BYE again, as it was', () => {
    const { it, agent } = established();
    it.far.clear();
    it.perform({ kind: 'bye', leg: 'L1' });
    const bye = it.far.takeRequest('BYE');
    const next = carriedOn(it);
    const again = next.far.takeRequest('BYE');
    expect(again.bytes).toBe(bye.bytes);
    agent.answer(again, 200);
    expect(next.debts.size).toBe(0);
  });

  it('in a version that nobody here knows is refused', () => {
    const { it } = established();
    const [entry] = it.legs.snapshots(it.call);
    const [id, snapshot] = entry as LegEntry;
    const next = bench();
    expect(() => next.legs.adopt(next.call, [[id, { ...snapshot, version: 2 } as never]])).toThrow('a leg in version 2');
  });
});

it('no snapshot holds anything but plain data', () => {
  const { it } = established();
  const entries = it.legs.snapshots(it.call);
  expect(JSON.parse(JSON.stringify(entries))).toEqual(entries.map((entry) => structuredClone(entry)).map(withoutUndefined));
});

/** JSON leaves out what is undefined. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined).map(([key, inner]) => [key, withoutUndefined(inner)]));
}

