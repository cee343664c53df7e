/** Transactions that another process began (docs/specs/pairs.md). */
import { makeResponse } from '../message/make.js';
import type { SipRequest } from '../message/message.js';
import { flowFrom, Heard, makeBench, parsed, request, TARGET } from './testing.js';

describe('a server transaction that is carried on', () => {
  it('knows its INVITE again, its CANCEL and its ACK, and tells nobody of a new request', () => {
    const { layer, transport } = makeBench();
    const heard: string[] = [];
    layer.onRequest = ({ method }) => void heard.push(method);
    layer.onCancel = (_cancel, invite) => void heard.push(`CANCEL in ${invite.state}`);
    const invite = layer.adoptServer(request('INVITE'), flowFrom());
    invite.respond(makeResponse(request('INVITE'), 180, undefined, { toTag: 'b1' }));
    transport.receive(request('INVITE'));
    transport.receive(request('CANCEL'));
    invite.respond(makeResponse(request('INVITE'), 487, undefined, { toTag: 'b1' }));
    transport.receive(request('ACK', { toTag: 'b1' }));
    expect(transport.takeLines()).toEqual(['180 INVITE', '180 INVITE', '200 CANCEL', '487 INVITE']);
    expect(heard).toEqual(['CANCEL in Proceeding']);
    expect(invite.state).toBe('Confirmed');
  });

  it('says 100 when its user is silent, and answers where it is told', () => {
    const { layer, transport, clock } = makeBench();
    layer.adoptServer(request('INVITE'), flowFrom('192.0.2.1', 40_000, 'tcp'), { transport: 'tcp', host: '192.0.2.1', port: 5060 });
    clock.skip(200);
    expect(transport.sent.map(({ to }) => [to.transport, to.port])).toEqual([['tcp', 5060]]);
    expect(transport.takeLines()).toEqual(['100 INVITE']);
  });
});

describe('a sender that goes on elsewhere', () => {
  it.each(['INVITE', 'CANCEL'])('gets the answers where its %s came from', (method) => {
    const { layer, transport } = makeBench();
    layer.onRequest = () => {};
    let answer = (): void => {};
    layer.onRequest = (invite, transaction) => { answer = () => transaction.respond(makeResponse(invite, 487, undefined, { toTag: 'b' })); };
    transport.receive(request('INVITE'), flowFrom('192.0.2.1'));
    transport.receive(request(method), flowFrom('192.0.2.2'));
    transport.sent.length = 0;
    answer();
    expect(transport.sent.map(({ to }) => to.host)).toEqual(['192.0.2.2']);
  });
});

describe('a client transaction that is carried on', () => {
  function sentInvite(): string {
    const { layer, transport } = makeBench();
    layer.request(request('INVITE', { via: null }), TARGET, new Heard());
    return transport.sent[0]?.bytes as string;
  }

  it('is cancelled at once by its own branch, and hears how the INVITE ended', () => {
    const bytes = sentInvite();
    const { layer, transport, clock } = makeBench();
    const user = new Heard();
    const invite = layer.adoptInvite(bytes, TARGET, user);
    clock.skip(60_000);
    expect(transport.sent).toEqual([]);
    invite.cancel();
    const cancel = transport.take()[0] as SipRequest;
    expect([cancel.method, cancel.topVia.branch, cancel.cseq.seq]).toEqual(['CANCEL', invite.branch, 1]);
    transport.receive(makeResponse(parsed(bytes) as SipRequest, 487, undefined, { toTag: 'b' }));
    expect(transport.takeLines()).toEqual(['ACK sip:bob@example.com']);
    expect(user.lines).toEqual(['487']);
  });

  it('ends when nobody answers its CANCEL', () => {
    const { layer, clock } = makeBench();
    const user = new Heard();
    layer.adoptInvite(sentInvite(), TARGET, user).cancel();
    clock.skip(32_000);
    expect(user.lines).toEqual(['timeout']);
    expect(layer.size).toBe(0);
  });

  it('leaves again as it was, and takes the answer to it', () => {
    const bytes = sentInvite();
    const { layer, transport } = makeBench();
    const user = new Heard();
    const again = layer.repeat(bytes, TARGET, user);
    expect([transport.sent[0]?.bytes, again.bytes, again.to]).toEqual([bytes, bytes, TARGET]);
    transport.receive(makeResponse(parsed(bytes) as SipRequest, 200, undefined, { toTag: 'b' }));
    expect(user.lines).toEqual(['200']);
    expect(again.bytes).toBe('');
  });
});

describe('a request whose next hop is another process now', () => {
  const ELSEWHERE = { ...TARGET, host: '192.0.2.77' };

  function sent(method: string) {
    const { layer, transport, clock } = makeBench();
    const user = new Heard();
    const client = layer.request(request(method, { via: null }), TARGET, user);
    const [first] = transport.sent.splice(0);
    const answer = (status: number): void => {
      transport.receive(makeResponse(parsed(first?.bytes as string) as SipRequest, status, undefined, { toTag: 'b' }));
    };
    return { transport, clock, user, client, first, answer };
  }
  const went = (transport: ReturnType<typeof sent>['transport']) => transport.sent.splice(0).map(({ bytes, to }) => `${bytes.slice(0, bytes.indexOf(' '))} ${to.host}`);

  it.each(['INVITE', 'BYE'])('leaves there as it was when it is a %s without an answer, and has all its time again', (method) => {
    const { transport, clock, user, client, first } = sent(method);
    clock.skip(31_000);
    transport.sent.length = 0;
    client.redirect(ELSEWHERE);
    expect(transport.sent).toEqual([{ ...first, to: ELSEWHERE, failed: expect.any(Function) }]);
    clock.skip(31_900);
    expect(user.lines).toEqual([]);
    clock.skip(200);
    expect(user.lines).toEqual(['timeout']);
  });

  it('stays where it is once it was answered provisionally, and its CANCEL goes there', () => {
    const { transport, client, answer } = sent('INVITE');
    answer(180);
    client.redirect(ELSEWHERE);
    expect(went(transport)).toEqual([]);
    client.cancel();
    expect(went(transport)).toEqual(['CANCEL 192.0.2.77']);
  });

  it('is withdrawn there, too, when its user went another way', () => {
    const { transport, user, client } = sent('INVITE');
    client.abandon();
    client.redirect(ELSEWHERE);
    expect(went(transport)).toEqual([`CANCEL ${TARGET.host}`, 'CANCEL 192.0.2.77']);
    expect(user.lines).toEqual([]);
  });

  it('is simply forgotten by who abandons it when it is no INVITE', () => {
    const { transport, client } = sent('BYE');
    client.abandon();
    expect([client.state, transport.sent]).toEqual(['Terminated', []]);
  });

  it('leaves as at first for one that has started again, and its CANCEL after the first answer', () => {
    const { transport, user, client, answer, first } = sent('INVITE');
    answer(180);
    client.cancel();
    expect(went(transport)).toEqual([`CANCEL ${TARGET.host}`]);
    client.repeat();
    expect(transport.sent.splice(0)).toEqual([{ ...first, failed: expect.any(Function) }]);
    answer(100);
    expect(went(transport)).toEqual([`CANCEL ${TARGET.host}`]);
    answer(487);
    expect(user.lines.filter((line) => line !== '180' && line !== '100')).toEqual(['487']);
    client.repeat();
    expect(went(transport)).toEqual([`ACK ${TARGET.host}`]);
  });
});
