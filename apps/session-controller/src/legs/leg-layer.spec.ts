import { bench, established, inviting } from '../fixtures/leg-bench.fixture.js';
import { Device, sdp } from '../fixtures/far-end.fixture.js';
import type { SipRequest } from '#sip';
import { OPENING_LEG } from './leg-layer.js';

describe('a leg that called us', () => {
  it('rings, answers, and is established by the ACK', () => {
    const { far, perform, take, legs } = bench();
    const caller = new Device(far, '8880001');
    const invite = caller.invite('5000', { sdp: sdp('caller') });
    perform({ kind: 'ring', leg: OPENING_LEG, status: 180, sdp: null });
    expect(far.takeResponse(180).contacts[0]?.uriText).toBe('sip:n1@sip.cordboard.test');
    perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    const ok = far.takeResponse(200);
    expect(ok.body).toBe(sdp('agent'));
    expect(ok.header('Session-Expires')).toBe('1800;refresher=uas');
    caller.joins(ok);
    caller.ack(invite);
    expect(take()).toEqual([{ kind: 'acked', leg: OPENING_LEG, sdp: null }]);
    caller.request('BYE');
    far.takeResponse(200, 'BYE');
    expect(take()).toEqual([{ kind: 'gone', leg: OPENING_LEG, cause: 'bye' }]);
    expect(legs.size).toBe(0);
  });

  it('repeats the 200 until the ACK comes, and ends with BYE when it never does (RFC 3261 §13.3.1.4)', () => {
    const { clock, far, perform, take, legs } = bench();
    const caller = new Device(far, '8880001');
    caller.invite('5000', { sdp: sdp('caller') });
    perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    clock.skip(31_900);
    expect(far.ladder().every((line) => line === '200 INVITE')).toBe(true);
    expect(far.ladder().length).toBe(11);
    clock.skip(200);
    far.takeRequest('BYE');
    expect(take()).toEqual([{ kind: 'gone', leg: OPENING_LEG, cause: 'lost' }]);
    expect(legs.size).toBe(0);
  });

  it('keeps a BYE back until the ACK is there (§15)', () => {
    const { far, perform } = bench();
    const caller = new Device(far, '8880001');
    const invite = caller.invite('5000', { sdp: sdp('caller') });
    perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    caller.joins(far.takeResponse(200));
    perform({ kind: 'bye', leg: OPENING_LEG });
    expect(far.ladder()).toEqual([]);
    caller.ack(invite);
    const bye = far.takeRequest('BYE');
    expect(bye.uri).toBe('sip:8880001@192.0.2.9:5062');
    expect(bye.header('Route')).toBe('<sip:flow-token@sip.cordboard.test;lr>');
    expect(bye.header('X-Genesys-CallUUID')).toBe('UUID1');
  });

  it('answers a BYE that comes again 200 for 32 s, and 481 after that: its proxy started again and lost the answer', () => {
    const { clock, far, perform, legs } = bench();
    const caller = new Device(far, '8880001');
    const invite = caller.invite('5000', { sdp: sdp('caller') });
    perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    caller.joins(far.takeResponse(200));
    caller.ack(invite);
    caller.request('BYE');
    far.takeResponse(200, 'BYE');
    clock.skip(31_900);
    caller.request('BYE');
    far.takeResponse(200, 'BYE');
    expect(legs.size).toBe(0);
    clock.skip(64_000);
    caller.request('BYE');
    far.takeResponse(481, 'BYE');
  });

  it('is gone with a CANCEL, which is answered 200 and its INVITE 487', () => {
    const { far, perform, take, legs } = bench();
    const caller = new Device(far, '8880001');
    const invite = caller.invite('5000', { sdp: sdp('caller') });
    perform({ kind: 'ring', leg: OPENING_LEG, status: 180, sdp: null });
    caller.cancel(invite);
    expect(far.ladder()).toEqual(['180 INVITE', '200 CANCEL', '487 INVITE']);
    expect(take()).toEqual([{ kind: 'gone', leg: OPENING_LEG, cause: 'cancel' }]);
    expect(legs.size).toBe(0);
  });

  it('is gone with a CANCEL that names it otherwise than by its branch: its proxy started again', () => {
    const { far, perform, take } = bench();
    const caller = new Device(far, '8880001');
    const invite = caller.invite('5000', { sdp: sdp('caller') });
    perform({ kind: 'ring', leg: OPENING_LEG, status: 180, sdp: null });
    far.takeResponse(180);
    caller.cancel(invite, 'SIP/2.0/UDP sip.cordboard.test;branch=z9hG4bKanother', 99);
    far.takeResponse(481, 'CANCEL');
    caller.cancel(invite, 'SIP/2.0/UDP sip.cordboard.test;branch=z9hG4bKthird');
    far.takeResponse(200, 'CANCEL');
    far.takeResponse(487);
    expect(take()).toEqual([{ kind: 'gone', leg: OPENING_LEG, cause: 'cancel' }]);
  });

  it('takes an offer in the ACK when ours stood in the 200', () => {
    const { far, perform, take } = bench();
    const caller = new Device(far, '8880001');
    const invite = caller.invite('5000');
    perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('our offer') });
    caller.joins(far.takeResponse(200));
    caller.ack(invite, sdp('answer'));
    expect(take()).toEqual([{ kind: 'acked', leg: OPENING_LEG, sdp: sdp('answer') }]);
  });

  it('takes an offer before the ACK of its 200, which another proxy carries', () => {
    const { clock, far, perform, take } = bench();
    const caller = new Device(far, '8880001');
    const invite = caller.invite('5000', { sdp: sdp('caller') });
    perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    caller.joins(far.takeResponse(200));
    const hold = caller.request('INVITE', { sdp: sdp('hold') });
    caller.ack(invite);
    expect(take()).toEqual([{ kind: 'acked', leg: OPENING_LEG, sdp: null }, { kind: 'offered', leg: OPENING_LEG, sdp: sdp('hold') }]);
    perform({ kind: 'answerOffer', leg: OPENING_LEG, sdp: sdp('held') });
    expect(far.takeResponse(200).body).toBe(sdp('held'));
    caller.ack(hold);
    clock.skip(40_000);
    expect(take()).toEqual([]);
  });

  it('sends reliable provisional answers when asked, and holds the 200 for the PRACK (RFC 3262)', () => {
    const { clock, far, perform, reliably } = bench();
    reliably();
    const caller = new Device(far, '8880001');
    caller.invite('5000', { sdp: sdp('caller'), headers: [['Require', '100rel']] });
    perform({ kind: 'ring', leg: OPENING_LEG, status: 180, sdp: null });
    const ringing = far.takeResponse(180);
    expect(ringing.header('Require')).toBe('100rel');
    perform({ kind: 'answer', leg: OPENING_LEG, sdp: sdp('agent') });
    expect(far.ladder()).toEqual([]);
    clock.skip(500);
    expect(far.ladder()).toEqual(['180 INVITE']);
    far.clear();
    caller.joins(ringing);
    caller.request('PRACK', { headers: [['RAck', `${ringing.header('RSeq')} 1 INVITE`]] });
    expect(far.ladder()).toEqual(['200 PRACK', '200 INVITE']);
  });

  it('refuses a PRACK for nothing', () => {
    const { far, perform } = bench();
    const caller = new Device(far, '8880001');
    caller.invite('5000', { sdp: sdp('caller') });
    perform({ kind: 'ring', leg: OPENING_LEG, status: 180, sdp: null });
    caller.joins(far.takeResponse(180));
    caller.request('PRACK', { headers: [['RAck', '1 1 INVITE']] });
    far.takeResponse(481, 'PRACK');
  });
});

describe('a leg that we called', () => {
  it('shows the access point and nothing of the server (PRX-13)', () => {
    const { far, perform } = bench();
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    expect(invite.uri).toBe('sip:7001@sip.cordboard.test');
    expect(invite.header('From')).toMatch(/^"Ann" <sip:8880001@sip\.cordboard\.test>;tag=/);
    expect(invite.contacts[0]?.uriText).toBe('sip:n1@sip.cordboard.test');
    expect(invite.topVia.sentBy).toBe('sip.cordboard.test');
    expect(invite.bytes).not.toContain('127.0.0.1');
  });

  it('counts on the hops of the INVITE that opened its call, so that a loop through us ends (RFC 7332 §3)', () => {
    const { far, perform } = bench();
    perform(inviting());
    expect(far.takeRequest('INVITE').maxForwards).toBe(70);
    const opened = bench();
    new Device(opened.far, '8880001').invite('5000', { sdp: sdp('caller') });
    opened.perform(inviting());
    expect(opened.far.takeRequest('INVITE').maxForwards).toBe(68);
  });

  it('rings, answers, gets its ACK again when it repeats the 200, and hangs up', () => {
    const { far, perform, take, legs } = bench();
    const agent = new Device(far, '7001');
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    agent.answer(invite, 100);
    agent.answer(invite, 180);
    agent.answer(invite, 200, { sdp: sdp('agent') });
    expect(take()).toEqual([
      { kind: 'progress', leg: 'L1', status: 180, sdp: null },
      { kind: 'answered', leg: 'L1', sdp: sdp('agent') },
    ]);
    perform({ kind: 'ack', leg: 'L1', sdp: null });
    const ack = far.takeRequest('ACK');
    expect(ack.uri).toBe('sip:7001@192.0.2.9:5062');
    expect(ack.header('Route')).toBe('<sip:flow-token@sip.cordboard.test;lr>');
    agent.answer(invite, 200, { sdp: sdp('agent') });
    expect(far.takeRequest('ACK').bytes).toBe(ack.bytes);
    expect(take()).toEqual([]);
    agent.joins(invite);
    agent.request('BYE');
    expect(take()).toEqual([{ kind: 'gone', leg: 'L1', cause: 'bye' }]);
    expect(legs.size).toBe(0);
  });

  it('carries the answer in the ACK when the INVITE had no offer (RFC 3725 flow I)', () => {
    const { far, perform } = bench();
    perform(inviting({ sdp: null }));
    const invite = far.takeRequest('INVITE');
    expect(invite.body).toBe('');
    new Device(far, '7001').answer(invite, 200, { sdp: sdp('offer of the phone') });
    perform({ kind: 'ack', leg: 'L1', sdp: sdp('answer') });
    expect(far.takeRequest('ACK').body).toBe(sdp('answer'));
  });

  it('cancels after a provisional answer, and reports the final one', () => {
    const { far, perform, take, legs } = bench();
    const agent = new Device(far, '7001');
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    perform({ kind: 'cancel', leg: 'L1' });
    expect(far.ladder()).toEqual([]);
    agent.answer(invite, 180);
    far.takeRequest('CANCEL');
    agent.answer(invite, 487);
    far.takeRequest('ACK');
    expect(take()).toEqual([{ kind: 'rejected', leg: 'L1', status: 487, reason: 'Request Terminated' }]);
    expect(legs.size).toBe(0);
  });

  it('sends an INVITE that rings again as it was when its proxy may have forgotten it, and then counts on an answer', () => {
    const { far, perform, take, legs, clock } = bench();
    const agent = new Device(far, '7001');
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    agent.answer(invite, 180);
    legs.proxyForgot('192.0.2.200');
    expect(far.ladder()).toEqual([]);
    legs.proxyForgot('127.0.0.1');
    expect(far.takeRequest('INVITE').serialize()).toBe(invite.serialize());
    take();
    clock.skip(40_000);
    expect(take()).toEqual([{ kind: 'rejected', leg: 'L1', status: 408, reason: 'Request Timeout' }]);
  });

  it('lets the machine end a 200 that crossed the CANCEL', () => {
    const { far, perform, take } = bench();
    const agent = new Device(far, '7001');
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    agent.answer(invite, 180);
    take();
    perform({ kind: 'cancel', leg: 'L1' });
    agent.answer(invite, 200, { sdp: sdp('agent') });
    expect(take()).toEqual([{ kind: 'answered', leg: 'L1', sdp: sdp('agent') }]);
    perform({ kind: 'ack', leg: 'L1', sdp: null });
    perform({ kind: 'bye', leg: 'L1' });
    expect(far.ladder()).toEqual(['CANCEL', 'ACK', 'BYE']);
  });

  it('ends a 200 by itself when nobody waits for it any more', () => {
    const { far, perform, take, legs } = bench();
    const agent = new Device(far, '7001');
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    agent.answer(invite, 180);
    perform({ kind: 'cancel', leg: 'L1' });
    perform({ kind: 'bye', leg: 'L1' });
    take();
    agent.answer(invite, 200, { sdp: sdp('agent') });
    expect(far.ladder()).toEqual(['CANCEL', 'ACK', 'BYE']);
    expect(take()).toEqual([]);
    expect(legs.size).toBe(0);
  });

  it('keeps the first fork that answers and ends the others (§13.2.2.4)', () => {
    const { far, perform, take } = bench();
    const agent = new Device(far, '7001');
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    agent.answer(invite, 200, { tag: 'first', sdp: sdp('first') });
    perform({ kind: 'ack', leg: 'L1', sdp: null });
    agent.answer(invite, 200, { tag: 'second', sdp: sdp('second') });
    expect(take()).toEqual([{ kind: 'answered', leg: 'L1', sdp: sdp('first') }]);
    expect(far.sent.map((message) => `${(message as SipRequest).method} ${message.to.tag}`))
      .toEqual(['ACK first', 'ACK second', 'BYE second']);
  });

  it('reports a final failure once, 408 when nobody answers', () => {
    const { clock, far, perform, take, legs } = bench();
    perform(inviting());
    new Device(far, '7001').answer(far.takeRequest('INVITE'), 486);
    expect(take()).toEqual([{ kind: 'rejected', leg: 'L1', status: 486, reason: 'Busy Here' }]);
    perform(inviting({ leg: 'L2' }));
    clock.skip(32_100);
    expect(take()).toEqual([{ kind: 'rejected', leg: 'L2', status: 408, reason: 'Request Timeout' }]);
    expect(legs.size).toBe(0);
  });

  it('asks again with a longer session when the far end insists (RFC 4028 §7.3)', () => {
    const { far, perform, take } = bench();
    perform(inviting());
    new Device(far, '7001').answer(far.takeRequest('INVITE'), 422, { headers: [['Min-SE', '3600']] });
    far.takeRequest('ACK');
    const again = far.takeRequest('INVITE');
    expect(again.header('Session-Expires')).toBe('3600');
    expect(again.cseq.seq).toBe(2);
    expect(take()).toEqual([]);
  });

  it('sends NOTIFY in the early dialog, and says 481 when there is none yet (SC-09)', async () => {
    const { clock, far, perform, take } = bench();
    const agent = new Device(far, '7001');
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    perform({ kind: 'notify', leg: 'L1', event: 'talk' });
    await clock.advance(0);
    expect(take()).toEqual([{ kind: 'notified', leg: 'L1', status: 481 }]);
    agent.answer(invite, 180);
    perform({ kind: 'notify', leg: 'L1', event: 'talk' });
    const notify = far.takeRequest('NOTIFY');
    expect([notify.header('Event'), notify.header('Subscription-State'), notify.to.tag]).toEqual(['talk', 'active', 'tag-7001']);
    agent.answer(notify, 200);
    expect(take().at(-1)).toEqual({ kind: 'notified', leg: 'L1', status: 200 });
  });

  it('acknowledges reliable provisional answers (RFC 3262 §4)', () => {
    const { far, perform } = bench({ 'sip-enable-100rel': 'true' });
    perform(inviting());
    const invite = far.takeRequest('INVITE');
    expect(invite.values('Supported')).toContain('100rel');
    new Device(far, '7001').answer(invite, 183, { headers: [['Require', '100rel'], ['RSeq', '7']] });
    expect(far.takeRequest('PRACK').header('RAck')).toBe('7 1 INVITE');
  });
});

describe('offers within a dialog', () => {
  function talking(options: Record<string, string> = {}, answerHeaders: [string, string][] = []) {
    const { it, agent } = established(options, answerHeaders);
    it.far.clear();
    return { ...it, agent };
  }

  it('passes a re-INVITE to the machine and its answer back', () => {
    const { far, agent, perform, take } = talking();
    const hold = agent.request('INVITE', { sdp: sdp('hold') });
    expect(take()).toEqual([{ kind: 'offered', leg: 'L1', sdp: sdp('hold') }]);
    perform({ kind: 'answerOffer', leg: 'L1', sdp: sdp('held') });
    expect(far.takeResponse(200).body).toBe(sdp('held'));
    agent.ack(hold);
    expect(take()).toEqual([]);
  });

  it('refuses a second offer while the first is open with 500, and one that meets ours with 491 (§14.2)', () => {
    const { far, agent, perform } = talking();
    agent.request('INVITE', { sdp: sdp('one') });
    agent.request('INVITE', { sdp: sdp('two') });
    expect(far.takeResponse(500).header('Retry-After')).toMatch(/^\d$/);
    perform({ kind: 'rejectOffer', leg: 'L1', status: 488, reason: 'Not Acceptable Here' });
    far.takeResponse(488);
    perform({ kind: 'offer', leg: 'L1', sdp: sdp('ours') });
    far.takeRequest('INVITE');
    agent.request('INVITE', { sdp: sdp('three') });
    far.takeResponse(491);
  });

  it('takes an offer whose ACK of the last one is late: another proxy carried it', () => {
    const { clock, far, agent, perform, take } = talking();
    const hold = agent.request('INVITE', { sdp: sdp('hold') });
    perform({ kind: 'answerOffer', leg: 'L1', sdp: sdp('held') });
    far.takeResponse(200);
    take();
    const retrieve = agent.request('INVITE', { sdp: sdp('retrieve') });
    agent.ack(hold);
    expect(take()).toEqual([{ kind: 'offered', leg: 'L1', sdp: sdp('retrieve') }]);
    perform({ kind: 'answerOffer', leg: 'L1', sdp: sdp('retrieved') });
    expect(far.takeResponse(200).body).toBe(sdp('retrieved'));
    agent.ack(retrieve);
    clock.skip(40_000);
    expect([take(), far.ladder()]).toEqual([[], []]);
  });

  it('waits for an ACK that brings the answer (§14.2)', () => {
    const { far, agent, perform, take } = talking();
    const bare = agent.request('INVITE');
    perform({ kind: 'answerOffer', leg: 'L1', sdp: sdp('our offer') });
    far.takeResponse(200);
    take();
    agent.request('INVITE', { sdp: sdp('next') });
    expect(far.takeResponse(500).header('Retry-After')).toMatch(/^\d$/);
    agent.ack(bare, sdp('answer'));
    expect(take()).toEqual([{ kind: 'acked', leg: 'L1', sdp: sdp('answer') }]);
  });

  it('sends our offer, acknowledges the answer, and reports a refusal', () => {
    const { far, agent, perform, take } = talking();
    perform({ kind: 'offer', leg: 'L1', sdp: sdp('ours') });
    const offer = far.takeRequest('INVITE');
    expect(offer.cseq.seq).toBe(2);
    agent.answer(offer, 200, { sdp: sdp('theirs') });
    expect(take()).toEqual([{ kind: 'offerAnswered', leg: 'L1', sdp: sdp('theirs') }]);
    expect(far.takeRequest('ACK').cseq.seq).toBe(2);
    perform({ kind: 'offer', leg: 'L1', sdp: sdp('again') });
    agent.answer(far.takeRequest('INVITE'), 491);
    expect(take()).toEqual([{ kind: 'offerRejected', leg: 'L1', status: 491 }]);
  });

  it('waits with an offer of ours until the one under way is done', () => {
    const { far, agent, perform } = talking();
    const theirs = agent.request('INVITE', { sdp: sdp('theirs') });
    perform({ kind: 'offer', leg: 'L1', sdp: sdp('ours') });
    perform({ kind: 'answerOffer', leg: 'L1', sdp: sdp('answer') });
    far.takeResponse(200);
    expect(far.ladder()).toEqual([]);
    agent.ack(theirs);
    expect(far.takeRequest('INVITE').body).toBe(sdp('ours'));
  });

  it('asks for an offer and owes the answer in the ACK', () => {
    const { far, agent, perform, take } = talking();
    perform({ kind: 'offer', leg: 'L1', sdp: null });
    agent.answer(far.takeRequest('INVITE'), 200, { sdp: sdp('full offer') });
    expect(take()).toEqual([{ kind: 'offerAnswered', leg: 'L1', sdp: sdp('full offer') }]);
    expect(far.ladder()).toEqual([]);
    perform({ kind: 'ackOffer', leg: 'L1', sdp: sdp('answer') });
    expect(far.takeRequest('ACK').body).toBe(sdp('answer'));
  });

  it('answers an UPDATE without a body itself: it refreshes the session only', () => {
    const { agent, far, take, alive } = talking();
    agent.request('UPDATE', { headers: [['Supported', 'timer'], ['Session-Expires', '600;refresher=uac']] });
    expect(far.takeResponse(200, 'UPDATE').header('Session-Expires')).toBe('600;refresher=uac');
    expect(alive).toHaveBeenCalledTimes(1);
    expect(take()).toEqual([]);
  });

  it('loses the leg with a 481, and with silence, which gets a BYE', () => {
    const gone = talking();
    gone.perform({ kind: 'offer', leg: 'L1', sdp: sdp('ours') });
    gone.agent.answer(gone.far.takeRequest('INVITE'), 481);
    expect(gone.take()).toEqual([{ kind: 'gone', leg: 'L1', cause: 'lost' }]);
    expect(gone.far.ladder()).toEqual(['ACK']);
    const silent = talking();
    silent.perform({ kind: 'offer', leg: 'L1', sdp: sdp('ours') });
    silent.clock.skip(33_000);
    expect(silent.take()).toEqual([{ kind: 'gone', leg: 'L1', cause: 'lost' }]);
    expect(silent.far.ladder()).toContain('BYE');
    expect(silent.legs.size).toBe(0);
  });

  it('refreshes the session at half its interval, by UPDATE where the far end knows it (RFC 4028 §10)', () => {
    const byUpdate = talking({}, [['Allow', 'INVITE, UPDATE'], ['Session-Expires', '600;refresher=uac']]);
    byUpdate.clock.skip(300_000);
    byUpdate.agent.answer(byUpdate.far.takeRequest('UPDATE'), 200, { headers: [['Session-Expires', '600;refresher=uac']] });
    expect(byUpdate.alive).toHaveBeenCalledTimes(1);
    const byInvite = talking({}, [['Session-Expires', '600;refresher=uac']]);
    byInvite.clock.skip(300_000);
    expect(byInvite.far.takeRequest('INVITE').body).toBe(sdp('offer'));
  });

  it('ends a session that the far end ought to have refreshed', () => {
    const { clock, far, take, legs } = talking({}, [['Session-Expires', '600;refresher=uas']]);
    clock.skip(568_100);
    far.takeRequest('BYE');
    expect(take()).toEqual([{ kind: 'gone', leg: 'L1', cause: 'lost' }]);
    expect(legs.size).toBe(0);
  });

  it('does not know methods that it has not listed', () => {
    const { agent, far } = talking();
    agent.request('REFER', { headers: [['Refer-To', '<sip:7002@sip.cordboard.test>']] });
    expect(far.takeResponse(405).header('Allow')).toContain('INVITE');
  });

  it('answers 481 for a dialog that is not ours', () => {
    const { agent, far, perform } = talking();
    perform({ kind: 'bye', leg: 'L1' });
    far.clear();
    agent.request('INVITE', { sdp: sdp('late') });
    far.takeResponse(481);
  });
});

it('asks for its dialogs one after the other when it could not be reached for a while, and ends with their calls those that are gone', () => {
  const { far, perform, legs, take, clock } = bench();
  const agents = ['L1', 'L2', 'L3'].map((leg, n) => {
    const agent = new Device(far, `700${n + 1}`);
    perform(inviting({ leg }));
    const invite = far.takeRequest('INVITE');
    agent.answer(invite, 200, { sdp: sdp('agent') });
    perform({ kind: 'ack', leg, sdp: null });
    far.takeRequest('ACK');
    return agent;
  });
  take();
  const asked = (): number => far.ladder().filter((line) => line.startsWith('OPTIONS')).length;
  legs.audit();
  expect(asked()).toBe(1);
  clock.skip(100);
  expect(asked()).toBe(2);
  clock.skip(100);
  expect(asked()).toBe(3);
  for (const [n, agent] of agents.entries()) agent.answer(far.takeRequest('OPTIONS'), n === 1 ? 481 : 200);
  expect(take()).toEqual([{ kind: 'gone', leg: 'L2', cause: 'lost' }]);
});
