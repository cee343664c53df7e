import { makeResponse } from '../message/make.js';
import type { SipRequest, SipResponse } from '../message/message.js';
import { flowFrom, Heard, makeBench, parsed, request, TARGET } from './testing.js';
import type { ServerTransaction } from './users.js';

const answer = (to: SipRequest, status: number, toTag = 'b1'): SipResponse => makeResponse(to, status, undefined, { toTag });

describe('TransactionLayer, server side', () => {
  function serve(options = {}) {
    const bench = makeBench(options);
    const opened: ServerTransaction[] = [];
    const acks: SipRequest[] = [];
    const cancels: string[] = [];
    bench.layer.onRequest = (_request, transaction) => void opened.push(transaction);
    bench.layer.onAck = (ack) => void acks.push(ack);
    bench.layer.onCancel = (_cancel, invite) => void cancels.push(invite.state);
    return { ...bench, opened, acks, cancels };
  }

  it('says 100 after 200 ms when its user is silent, and not when it is not (§17.2.1)', () => {
    const { transport, clock, opened } = serve();
    transport.receive(request('INVITE'));
    clock.skip(199);
    expect(transport.takeLines()).toEqual([]);
    clock.skip(1);
    expect(transport.takeLines()).toEqual(['100 INVITE']);

    transport.receive(request('INVITE', { via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-two' }));
    opened[1]?.respond(answer(request('INVITE'), 180));
    clock.skip(1000);
    expect(transport.takeLines()).toEqual(['180 INVITE']);
  });

  it('absorbs retransmissions and repeats the last response', () => {
    const { transport, meter, opened } = serve();
    transport.receive(request('OPTIONS'));
    transport.receive(request('OPTIONS'));
    expect(transport.takeLines()).toEqual([]);
    opened[0]?.respond(answer(request('OPTIONS'), 200));
    transport.receive(request('OPTIONS'));
    expect(transport.takeLines()).toEqual(['200 OPTIONS', '200 OPTIONS']);
    expect(opened).toHaveLength(1);
    expect(meter.count('sip_retransmissions_absorbed_total')).toBe(2);
  });

  it('tells clients apart that chose the same branch (§17.2.3)', () => {
    const { transport, opened } = serve();
    transport.receive(request('OPTIONS', { via: 'SIP/2.0/UDP one.example;branch=z9hG4bK-same' }));
    transport.receive(request('OPTIONS', { via: 'SIP/2.0/UDP two.example;branch=z9hG4bK-same' }));
    transport.receive(request('OPTIONS', { via: 'SIP/2.0/UDP ONE.example;branch=z9hG4bK-same' }));
    expect(opened).toHaveLength(2);
  });

  it('takes the ACK to a 486 for itself and stops repeating', () => {
    const { transport, clock, opened, acks } = serve();
    transport.receive(request('INVITE'));
    opened[0]?.respond(answer(request('INVITE'), 486));
    clock.skip(500);
    transport.receive(request('ACK', { toTag: 'b1' }));
    clock.skip(40_000);
    expect(transport.takeLines()).toEqual(['486 INVITE', '486 INVITE']);
    expect(acks).toEqual([]);
    expect(opened[0]?.state).toBe('Terminated');
  });

  it('reports a 486 that nobody acknowledges (Timer H)', () => {
    const { transport, clock, opened, layer } = serve();
    const ended: string[] = [];
    layer.onRequest = (_request, transaction) => {
      transaction.onTimeout = () => ended.push('timeout');
      transaction.onTerminated = () => ended.push('terminated');
      transaction.respond(answer(_request, 486));
    };
    transport.receive(request('INVITE'));
    clock.skip(32_000);
    expect(ended).toEqual(['timeout', 'terminated']);
    expect(opened).toEqual([]);
    expect(layer.size).toBe(0);
  });

  it('passes the ACK to a 2xx up, with the branch of the INVITE or another (RFC 6026 §7.1)', () => {
    const { transport, opened, acks } = serve();
    transport.receive(request('INVITE'));
    opened[0]?.respond(answer(request('INVITE'), 200));
    transport.receive(request('ACK', { toTag: 'b1' }));
    transport.receive(request('ACK', { toTag: 'b1', via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-ack' }));
    expect(acks).toHaveLength(2);
  });

  it('lets its user repeat a 2xx and nothing else after it', () => {
    const { transport, opened, meter } = serve();
    transport.receive(request('INVITE'));
    opened[0]?.respond(answer(request('INVITE'), 200));
    opened[0]?.respond(answer(request('INVITE'), 200));
    opened[0]?.respond(answer(request('INVITE'), 486));
    expect(transport.takeLines()).toEqual(['200 INVITE', '200 INVITE']);
    expect(meter.count('sip_responses_refused_total')).toBe(1);
  });

  it('keeps nothing of a request that has its final response', () => {
    const { transport, opened } = serve();
    transport.receive(request('INVITE'));
    opened[0]?.respond(answer(request('INVITE'), 180));
    expect(opened[0]?.request.method).toBe('INVITE');
    opened[0]?.respond(answer(request('INVITE'), 200));
    expect(() => opened[0]?.request).toThrow(/is gone/);
  });

  it('answers a CANCEL itself, and tells the user only while the INVITE is open (§9.2)', () => {
    const { transport, opened, cancels } = serve();
    transport.receive(request('INVITE'));
    transport.receive(request('CANCEL'));
    expect(transport.takeLines()).toEqual(['200 CANCEL']);
    expect(cancels).toEqual(['Proceeding']);
    opened[0]?.respond(answer(request('INVITE'), 487));
    transport.receive(request('CANCEL'));
    expect(transport.takeLines()).toEqual(['487 INVITE', '200 CANCEL']);
    expect(cancels).toHaveLength(1);
  });

  it('a CANCEL that crosses a 200 changes nothing (RFC 5407 §3.1.2)', () => {
    const { transport, opened, cancels } = serve();
    transport.receive(request('INVITE'));
    opened[0]?.respond(answer(request('INVITE'), 200));
    transport.receive(request('CANCEL'));
    expect(transport.takeLines()).toEqual(['200 INVITE', '200 CANCEL']);
    expect(cancels).toEqual([]);
  });

  it('hands a CANCEL of nothing to its user like any request', () => {
    const { transport, opened, cancels } = serve();
    transport.receive(request('CANCEL'));
    expect(opened[0]?.request.method).toBe('CANCEL');
    expect(cancels).toEqual([]);
  });

  it('matches RFC 2543 requests by their fields, the ACK with the To tag of the response', () => {
    const { transport, clock, opened, acks } = serve();
    const via = 'SIP/2.0/UDP old.example;branch=1';
    transport.receive(request('INVITE', { via }));
    transport.receive(request('INVITE', { via }));
    opened[0]?.respond(answer(request('INVITE', { via }), 486));
    transport.receive(request('ACK', { via, toTag: 'b1' }));
    clock.skip(40_000);
    expect(transport.takeLines()).toEqual(['486 INVITE']);
    expect(opened).toHaveLength(1);
    expect(acks).toEqual([]);
    transport.receive(request('INVITE', { via, cseq: 2 }));
    expect(opened).toHaveLength(2);
  });

  it('does not repeat over TCP, and forgets at once', () => {
    const { transport, clock, opened, layer } = serve();
    transport.receive(request('OPTIONS'), flowFrom('192.0.2.1', 4711, 'tcp'));
    opened[0]?.respond(answer(request('OPTIONS'), 200));
    clock.skip(40_000);
    expect(transport.takeLines()).toEqual(['200 OPTIONS']);
    expect(layer.size).toBe(0);
  });

  it('dials the sent-by port when the connection of the request is gone (§18.2.2)', () => {
    const { transport, opened } = serve();
    transport.receive(request('OPTIONS', { via: 'SIP/2.0/TCP phone.example:5070;branch=z9hG4bK-t' }), flowFrom('192.0.2.1', 4711, 'tcp'));
    opened[0]?.respond(answer(request('OPTIONS'), 200));
    const [first] = transport.sent.splice(0);
    first?.failed?.({ code: 'SIP_TRANSPORT_CONNECTION_LOST', message: 'gone' });
    expect(transport.sent.map(({ to }) => [to.transport, to.host, to.port])).toEqual([['tcp', '192.0.2.1', 5070]]);
  });

  it('answers to the sent-by port when rport was not asked for (§18.2.2)', () => {
    const { transport, opened } = serve();
    transport.receive(request('OPTIONS'), { ...flowFrom('192.0.2.1', 4711), replyPort: 5060 });
    opened[0]?.respond(answer(request('OPTIONS'), 200));
    expect(transport.sent[0]?.to).toMatchObject({ host: '192.0.2.1', port: 5060 });
  });

  it('refuses what opens something when full, keeps a reserve for what is in dialogs', () => {
    const { transport, meter, opened } = serve({ maxTransactions: 4, retryAfterS: 7 });
    const branch = (name: string) => ({ via: `SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-${name}` });
    for (const name of ['a', 'b', 'c', 'd']) transport.receive(request('OPTIONS', branch(name)));
    transport.receive(request('INVITE', branch('e')));
    const [refusal] = transport.take() as SipResponse[];
    expect([refusal?.status, refusal?.header('Retry-After')]).toEqual([503, '7']);
    transport.receive(request('BYE', { ...branch('f'), toTag: 'b1' }));
    expect(opened).toHaveLength(5);
    transport.receive(request('BYE', { ...branch('g'), toTag: 'b1' }));
    expect(transport.takeLines()).toEqual(['503 BYE']);
    expect(meter.count('sip_overload_refused_total')).toBe(2);
  });

  it('answers what is malformed with what is wrong, and drops what cannot be answered', () => {
    const { transport, meter, opened } = serve();
    const text = request('OPTIONS').bytes.replace('<sip:alice@example.com>;tag=a1', '"unclosed <sip:a@b>;tag=1');
    transport.receive(text);
    const [refusal] = transport.take() as SipResponse[];
    expect(refusal?.status).toBe(400);
    expect(refusal?.header('Warning')).toContain('display name');
    transport.onMalformed({ code: 'SIP_PARSE_EMPTY', message: 'noise', offset: 0, statusHint: 400 }, flowFrom());
    expect(transport.takeLines()).toEqual([]);
    expect(opened).toEqual([]);
    expect(['SIP_PARSE_NAME_ADDR', 'SIP_PARSE_EMPTY'].map((code) => meter.count('sip_malformed_total', { code }))).toEqual([1, 1]);
  });

  it('puts right a CSeq that names another method, within a dialog only (RFC 4475 §3.1.2.17)', () => {
    const { transport, meter, opened } = serve();
    const mistaken = (method: string, toTag?: string) => request(method, toTag === undefined ? {} : { toTag }).bytes.replace(`CSeq: 1 ${method}`, 'CSeq: 1 INVITE');
    transport.receive(mistaken('OPTIONS'));
    expect(transport.takeLines()).toEqual(['400 INVITE']);
    transport.receive(mistaken('NOTIFY', 'b1'));
    expect(opened.map((transaction) => transaction.request.cseq)).toEqual([{ seq: 1, method: 'NOTIFY' }]);
    opened[0]?.respond(makeResponse(opened[0].request, 200));
    expect(transport.takeLines()).toEqual(['200 NOTIFY']);
    expect([meter.count('sip_repaired_total'), meter.count('sip_malformed_total', { code: 'SIP_PARSE_CSEQ' })]).toEqual([1, 1]);
  });

  it('drops a malformed ACK', () => {
    const { transport, layer, meter } = serve();
    const acks: SipRequest[] = [];
    layer.onAck = (ack) => acks.push(ack);
    transport.receive(request('ACK', { toTag: 'b1' }).bytes.replace('CSeq: 1 ACK', 'CSeq: 1 INVITE'));
    transport.receive(request('ACK', { toTag: 'b1' }));
    expect([acks.length, meter.count('sip_malformed_total', { code: 'SIP_PARSE_CSEQ' }), transport.sent.length]).toEqual([1, 1, 0]);
  });

  it('survives a user that throws', () => {
    const { transport, layer, meter } = serve();
    layer.onRequest = () => { throw new Error('a bug of the user'); };
    transport.receive(request('OPTIONS'));
    expect(meter.count('sip_handler_failures_total')).toBe(1);
  });
});

describe('TransactionLayer, client side', () => {
  function call(method = 'INVITE', options = {}) {
    const bench = makeBench();
    const user = new Heard();
    const transaction = bench.layer.request(request(method, { via: null }), TARGET, user, options);
    const sent = parsed(bench.transport.sent[0]?.bytes ?? '') as SipRequest;
    return { ...bench, user, transaction, sent };
  }

  it('puts its Via on top and repeats an INVITE after 0.5, 1.5, 3.5 ... s, then gives up at 32 s', () => {
    const { transport, clock, user, layer, sent, transaction } = call();
    expect(sent.topVia.branch).toBe(transaction.branch);
    expect(sent.topVia.sentBy).toBe('10.0.0.1:5060');
    expect(sent.topVia.wantsRport).toBe(true);
    const startMs = clock.nowMs();
    const times: number[] = [];
    transport.send = (bytes) => void (bytes.startsWith('INVITE') && times.push(clock.nowMs() - startMs));
    clock.skip(33_000);
    expect(times).toEqual([500, 1500, 3500, 7500, 15_500, 31_500]);
    expect(user.lines).toEqual(['timeout']);
    clock.skip(32_000);
    expect(layer.size).toBe(0);
  });

  it('stops repeating at the first provisional response', () => {
    const { transport, clock, user, sent } = call();
    transport.receive(answer(sent, 180));
    transport.take();
    clock.skip(60_000);
    expect(transport.takeLines()).toEqual([]);
    expect(user.lines).toEqual(['180']);
  });

  it('acknowledges a 486 and every repetition, and tells its user once (§17.1.1.3)', () => {
    const { transport, clock, user, sent, layer } = call();
    transport.take();
    transport.receive(answer(sent, 486, 'x9'));
    transport.receive(answer(sent, 486, 'x9'));
    const acks = transport.take() as SipRequest[];
    expect(acks.map((ack) => [ack.method, ack.uri, ack.topVia.branch, ack.to.tag, ack.cseq.seq]))
      .toEqual(Array(2).fill(['ACK', sent.uri, sent.topVia.branch, 'x9', 1]));
    expect(user.lines).toEqual(['486']);
    clock.skip(32_000);
    expect(layer.size).toBe(0);
  });

  it('reports every 2xx, of forks and repeated ones (RFC 6026 §7.2), and a late one as stray', () => {
    const { transport, clock, user, sent, layer } = call();
    const strays: number[] = [];
    layer.onStrayResponse = (response) => void strays.push(response.status);
    transport.receive(answer(sent, 200, 'b1'));
    transport.receive(answer(sent, 200, 'b2'));
    transport.receive(answer(sent, 200, 'b1'));
    expect(user.lines).toEqual(['200', '200', '200']);
    clock.skip(32_000);
    transport.receive(answer(sent, 200, 'b1'));
    expect(user.lines).toHaveLength(3);
    expect(strays).toEqual([200]);
  });

  it('holds a CANCEL back until a provisional response (§9.1)', () => {
    const { transport, user, sent, transaction } = call();
    transport.take();
    transaction.cancel('SIP;cause=200;text="Call completed elsewhere"');
    expect(transport.takeLines()).toEqual([]);
    transport.receive(answer(sent, 100));
    const [cancel] = transport.take() as SipRequest[];
    expect([cancel?.method, cancel?.topVia.branch, cancel?.cseq, cancel?.header('Reason')])
      .toEqual(['CANCEL', sent.topVia.branch, { seq: 1, method: 'CANCEL' }, 'SIP;cause=200;text="Call completed elsewhere"']);
    transport.receive(makeResponse(cancel as SipRequest, 200));
    transport.receive(answer(sent, 487));
    expect(user.lines).toEqual(['100', '487']);
    expect(transport.takeLines()).toEqual([`ACK ${sent.uri}`]);
  });

  it('a 200 that crosses the CANCEL still reaches the user (RFC 5407 §3.1.2)', () => {
    const { transport, user, sent, transaction } = call();
    transport.receive(answer(sent, 180));
    transaction.cancel();
    transport.receive(answer(sent, 200));
    expect(user.lines).toEqual(['180', '200']);
  });

  it('gives a cancelled INVITE 64*T1 to end (§9.1)', () => {
    const { transport, clock, user, sent, transaction } = call();
    transport.receive(answer(sent, 180));
    transaction.cancel();
    clock.skip(32_000);
    expect(user.lines).toEqual(['180', 'timeout']);
  });

  it('ends early when its user has less patience', () => {
    const { clock, user } = call('INVITE', { timeoutMs: 4000 });
    clock.skip(3999);
    expect(user.lines).toEqual([]);
    clock.skip(1);
    expect(user.lines).toEqual(['timeout']);
  });

  it('cancels an INVITE that its user gave up, whatever comes of it later', () => {
    const { transport, clock, user, sent, layer } = call('INVITE', { timeoutMs: 4000 });
    clock.skip(3999);
    transport.take();
    clock.skip(1);
    expect(transport.takeLines()).toEqual([`CANCEL ${sent.uri}`]);
    transport.receive(answer(sent, 180, 'b1'));
    expect(transport.takeLines()).toEqual([]);
    transport.receive(answer(sent, 487, 'b1'));
    expect(transport.takeLines()).toEqual([`ACK ${sent.uri}`]);
    expect(user.lines).toEqual(['timeout']);
    clock.skip(32_000);
    expect(layer.size).toBe(0);
  });

  it('an answer to an INVITE that its user gave up is a stray one', () => {
    const { transport, clock, user, sent, layer } = call('INVITE', { timeoutMs: 4000 });
    const strays: number[] = [];
    layer.onStrayResponse = (response) => void strays.push(response.status);
    clock.skip(4000);
    transport.receive(answer(sent, 200, 'b1'));
    expect([user.lines, strays]).toEqual([['timeout'], [200]]);
  });

  it('repeats a request other than INVITE up to every 4 s', () => {
    const { transport, clock, user } = call('OPTIONS');
    const startMs = clock.nowMs();
    const times: number[] = [];
    transport.send = () => void times.push(clock.nowMs() - startMs);
    clock.skip(33_000);
    expect(times).toEqual([500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    expect(user.lines).toEqual(['timeout']);
  });

  it('takes a transport error for an answer', () => {
    const { transport, user, layer } = call('OPTIONS');
    transport.sent[0]?.failed?.({ code: 'SIP_TRANSPORT_SEND', message: 'unreachable' });
    expect(user.lines).toEqual(['transport']);
    expect(layer.size).toBe(0);
  });

  it('ends what waits on a connection that is lost', () => {
    const { layer, transport } = makeBench();
    const user = new Heard();
    const flow = flowFrom('192.0.2.7', 40_000, 'tcp');
    layer.request(request('OPTIONS', { via: null }), flow, user);
    transport.onFlowLost(flow);
    expect(user.lines).toEqual(['transport']);
  });

  it('also what waits on a connection that we dialled, and nothing else', () => {
    const { layer, transport } = makeBench();
    const [lost, other, datagram] = [new Heard(), new Heard(), new Heard()];
    layer.request(request('OPTIONS', { via: null }), { ...TARGET, transport: 'tcp' }, lost);
    layer.request(request('OPTIONS', { via: null }), { ...TARGET, transport: 'tcp', port: 5070 }, other);
    layer.request(request('OPTIONS', { via: null }), TARGET, datagram);
    transport.onFlowLost(flowFrom(TARGET.host, TARGET.port, 'tcp'));
    expect([lost.lines, other.lines, datagram.lines]).toEqual([['transport'], [], []]);
  });

  it('sends by TCP what is too large for UDP, and by UDP after all when TCP is refused (§18.1.1)', () => {
    const { layer, transport } = makeBench();
    const user = new Heard();
    layer.request(request('OPTIONS', { via: null, body: 'x'.repeat(1300) }), TARGET, user);
    const [tcp] = transport.sent.splice(0);
    expect(tcp?.to.transport).toBe('tcp');
    expect((parsed(tcp?.bytes ?? '') as SipRequest).topVia.transport).toBe('TCP');
    tcp?.failed?.({ code: 'SIP_TRANSPORT_CONNECT', message: 'refused' });
    const [udp] = transport.sent.splice(0);
    expect(udp?.to.transport).toBe('udp');
    expect((parsed(udp?.bytes ?? '') as SipRequest).topVia.transport).toBe('UDP');
    transport.onFlowLost(flowFrom(TARGET.host, TARGET.port, 'tcp'));
    expect(user.lines).toEqual([]);
  });

  it('stays with UDP for a large request over a flow', () => {
    const { layer, transport } = makeBench();
    layer.request(request('OPTIONS', { via: null, body: 'x'.repeat(1300) }), flowFrom(), new Heard());
    expect(transport.sent[0]?.to.transport).toBe('udp');
  });

  it('writes the Via host it is told, without a port unless given one', () => {
    const { layer, transport } = makeBench();
    layer.request(request('OPTIONS', { via: null }), TARGET, new Heard(), { viaHost: 'sip.cordboard.test', loopHash: 'abc' });
    const { topVia } = parsed(transport.sent[0]?.bytes ?? '');
    expect(topVia.sentBy).toBe('sip.cordboard.test');
    expect(topVia.branch).toMatch(/^z9hG4bK[0-9a-f]{16}\.abc$/);
  });

  it('says so later when the table is full', () => {
    const { layer, clock } = makeBench({ maxTransactions: 0 });
    const user = new Heard();
    layer.request(request('OPTIONS', { via: null }), TARGET, user);
    expect(user.lines).toEqual([]);
    clock.skip(1);
    expect(user.lines).toEqual(['transport']);
  });
});
