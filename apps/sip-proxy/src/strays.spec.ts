/** A proxy that was killed with calls on their way, and started again (docs/specs/sip-proxy.md, "Started again"). */
import { makeResponse, type SipRequest, type SipResponse } from '#sip';
import type { Endpoint, Sent } from './fixtures/endpoint.fixture.js';
import { ACCESS_POINT, P1, ProxyWorld } from './fixtures/proxy-world.fixture.js';

describe('a proxy that started again', () => {
  let stand: ProxyWorld;
  let carrier: Endpoint;
  let phone: Endpoint;
  let server: Endpoint;
  let other: Endpoint;

  beforeEach(async () => {
    stand = new ProxyWorld();
    await stand.proxy('p1');
    await stand.proxy('p2');
    carrier = await stand.endpoint('carrier', { host: '192.0.2.90', port: 5060 });
    phone = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060 });
    server = await stand.server('s1');
    other = await stand.server('s2');
  });
  afterEach(() => stand.world.close());

  const statuses = ({ responses }: Sent): number[] => responses.map(({ status }) => status).filter((status) => status !== 100);

  async function startAgain(): Promise<void> {
    stand.world.crash('p1');
    await stand.world.advance(100);
    await stand.world.restart('p1');
    await stand.world.advance(1_000);
  }

  /** Of the controller that has it; the other one is to know nothing. */
  async function rings(): Promise<{ sent: Sent; answer: (status: number) => void; has: Endpoint; hasNot: Endpoint; invite: SipRequest }> {
    const sent = carrier.send('INVITE', `sip:5000@${ACCESS_POINT}`, P1);
    await stand.settle();
    const [has, hasNot] = server.inbox.length > 0 ? [server, other] : [other, server];
    const received = has.next('INVITE');
    has.answer(received, 180);
    await stand.settle();
    return { sent, has, hasNot, invite: received.request, answer: (status) => void has.answer(received, status) };
  }

  it.each([200, 486])('passes the %s of a controller on to who called before', async (status) => {
    const { sent, answer } = await rings();
    await startAgain();
    answer(status);
    await stand.settle();
    expect(statuses(sent)).toEqual([180, status]);
  });

  it('asks every controller for the call that a CANCEL means, and says what the one that has it says', async () => {
    const { sent, has, hasNot, invite } = await rings();
    await startAgain();
    const cancelled: string[] = [];
    has.layer.onCancel = (cancel) => void cancelled.push(cancel.callId);
    sent.client.cancel();
    await stand.settle();
    // The one may know it by its branch already; the other gets a request that it knows nothing of.
    const strays = [has, hasNot].flatMap((each) => each.inbox.filter(({ request }) => request.method === 'CANCEL'));
    expect([...cancelled, ...strays.map(({ request }) => request.callId)]).toEqual([invite.callId, invite.callId]);
    for (const { request } of strays) expect([request.from.tag, request.cseq.seq]).toEqual([invite.from.tag, invite.cseq.seq]);
  });

  it('says 481 to a CANCEL when nobody has the call', async () => {
    for (const each of [server, other]) {
      each.handler = (received) => {
        each.answer(received, received.request.method === 'OPTIONS' ? 200 : 481);
        return true;
      };
    }
    const cancel = carrier.send('CANCEL', `sip:5000@${ACCESS_POINT}`, P1);
    await stand.world.advance(2_100);
    expect(statuses(cancel)).toEqual([481]);
  });

  it('makes the same branch of the same INVITE, so that a phone that rings takes it for a repetition', async () => {
    const { call, toPhone } = await callPhone();
    await startAgain();
    await registerPhone();
    call.client.repeat();
    await stand.settle();
    // The phone knew it: no second INVITE, and its 180 came again.
    expect(phone.inbox).toEqual([]);
    expect(statuses(call)).toEqual([180, 180]);
    call.client.cancel();
    await stand.settle();
    expect(toPhone.transaction.state).toBe('Proceeding');
    expect(statuses(call)).toEqual([180, 180]);
  });

  it.each([200, 480])('passes the %s of a phone on to the controller that called it', async (status) => {
    const { call, toPhone } = await callPhone();
    await startAgain();
    phone.answer(toPhone, status);
    await stand.settle();
    expect(statuses(call)).toEqual([180, status]);
  });

  it('does not carry answers from outside to the outside', async () => {
    const stranger = await stand.endpoint('stranger', { host: '192.0.2.66', port: 5060 });
    const forged = makeResponse(carrier.send('INVITE', `sip:x@${ACCESS_POINT}`, P1).request, 200, undefined, {
      toTag: 'x', headers: [],
    }).edit().prepend('Via', 'SIP/2.0/UDP 192.0.2.91:5060;branch=z9hG4bKx;received=192.0.2.7').prepend('Via', `SIP/2.0/UDP ${ACCESS_POINT};branch=z9hG4bKy`).build();
    const heard: SipResponse[] = [];
    phone.layer.onStrayResponse = (response) => void heard.push(response);
    stranger.layer.send(forged, P1);
    await stand.settle();
    expect(heard).toEqual([]);
  });

  async function registerPhone(): Promise<void> {
    phone.send('REGISTER', `sip:${ACCESS_POINT}`, P1, [['To', `<sip:7001@${ACCESS_POINT}>`], ['Expires', '120']]);
    await stand.settle();
  }

  async function callPhone() {
    await registerPhone();
    const call = server.send('INVITE', `sip:7001@${ACCESS_POINT}`, P1, [['From', `<sip:5000@${ACCESS_POINT}>;tag=n1.abc`]]);
    await stand.settle();
    const toPhone = phone.next('INVITE');
    phone.answer(toPhone, 180);
    await stand.settle();
    return { call, toPhone };
  }
});
