import { glareDelayMs, OfferAnswer, type SdpCarrier } from './offer-answer.js';

const offer = { kind: 'accept', meaning: 'offer' };
const answer = { kind: 'accept', meaning: 'answer' };

/** Two ends joined by a perfect wire: what one sends the other receives. */
function exchange(...steps: readonly ['>' | '<', SdpCarrier][]): string[] {
  const [left, right] = [new OfferAnswer(), new OfferAnswer()];
  return steps.map(([way, carrier]) => {
    const [from, to] = way === '>' ? [left, right] : [right, left];
    const sent = from.onSent(carrier);
    if (sent === undefined) return `${carrier} forbidden`;
    const got = to.onReceived(carrier);
    return `${carrier} ${sent} ${got.kind === 'accept' ? got.meaning : got.kind}`;
  });
}

describe('OfferAnswer', () => {
  it.each([
    ['INVITE, 200', [['>', 'INVITE'], ['<', '2xx']], ['INVITE offer offer', '2xx answer answer']],
    ['INVITE, preview in 183, 200', [['>', 'INVITE'], ['<', 'unreliable-1xx'], ['<', '2xx']],
      ['INVITE offer offer', 'unreliable-1xx answer answer', '2xx answer answer']],
    ['answer in a reliable 183, repeated in 200', [['>', 'INVITE'], ['<', 'reliable-1xx'], ['<', '2xx']],
      ['INVITE offer offer', 'reliable-1xx answer answer', '2xx repetition ignore']],
    ['answer in a reliable 183, a new offer in PRACK', [['>', 'INVITE'], ['<', 'reliable-1xx'], ['>', 'PRACK'], ['<', '2xx']],
      ['INVITE offer offer', 'reliable-1xx answer answer', 'PRACK offer offer', '2xx answer answer']],
    ['UPDATE while it rings (RFC 3311)', [['>', 'INVITE'], ['<', 'reliable-1xx'], ['<', 'UPDATE'], ['>', '2xx']],
      ['INVITE offer offer', 'reliable-1xx answer answer', 'UPDATE offer offer', '2xx answer answer']],
    ['re-INVITE the other way', [['>', 'INVITE'], ['<', '2xx'], ['<', 'INVITE'], ['>', '2xx']],
      ['INVITE offer offer', '2xx answer answer', 'INVITE offer offer', '2xx answer answer']],
    ['an offer may not follow an open one', [['>', 'INVITE'], ['>', 'UPDATE'], ['<', 'UPDATE']],
      ['INVITE offer offer', 'UPDATE forbidden', 'UPDATE forbidden']],
  ] as const)('%s', (_name, steps, trace) => {
    expect(exchange(...steps.map(([way, carrier]) => [way, carrier] as ['>' | '<', SdpCarrier]))).toEqual(trace);
  });

  it.each(['2xx', 'reliable-1xx'] as const)('an INVITE without a description is offered to by the %s and answered by the ACK or PRACK', (carrier) => {
    const [left, right] = [new OfferAnswer(), new OfferAnswer()];
    left.onOfferlessInvite();
    right.onOfferlessInvite();
    expect(left.mayOffer).toBe(false);
    expect(right.onSent(carrier)).toBe('offer');
    expect(left.onReceived(carrier)).toEqual(offer);
    const back = carrier === '2xx' ? 'ACK' : 'PRACK';
    expect(left.onSent(back)).toBe('answer');
    expect(right.onReceived(back)).toEqual(answer);
    expect([left.state, right.state, left.hasSession, right.hasSession]).toEqual(['Stable', 'Stable', true, true]);
  });

  it('a re-INVITE without a description works like the first', () => {
    const machine = new OfferAnswer();
    machine.onReceived('INVITE');
    machine.onSent('2xx');
    machine.onOfferlessInvite();
    expect(machine.onSent('2xx')).toBe('offer');
    expect(machine.onReceived('ACK')).toEqual(answer);
  });

  it('two offers that cross are glare: 491 (RFC 3261 §14.2, RFC 5407 §3.2)', () => {
    const machine = new OfferAnswer();
    machine.onSent('INVITE');
    expect(machine.onReceived('INVITE')).toEqual({ kind: 'refuse', status: 491, retryAfter: false });
    expect(machine.onReceived('2xx')).toEqual(answer);
  });

  it('a second offer before the answer to the first is 500 with Retry-After (RFC 3311 §5.2)', () => {
    const machine = new OfferAnswer();
    machine.onReceived('INVITE');
    expect(machine.onReceived('UPDATE')).toEqual({ kind: 'refuse', status: 500, retryAfter: true });
    expect(machine.onSent('2xx')).toBe('answer');
  });

  it('rolls back when the request with the offer failed', () => {
    const machine = new OfferAnswer();
    machine.onSent('INVITE');
    machine.rollBack();
    expect(machine.mayOffer).toBe(true);
    expect(machine.hasSession).toBe(false);
  });

  it('goes on from its snapshot', () => {
    const machine = new OfferAnswer();
    machine.onOfferlessInvite();
    const restored = OfferAnswer.restore(JSON.parse(JSON.stringify(machine.snapshot())));
    expect(restored.onReceived('2xx')).toEqual(offer);
  });

  it('waits after a 491 in the ranges of §14.1', () => {
    expect([glareDelayMs(true, 0), glareDelayMs(true, 190), glareDelayMs(false, 0), glareDelayMs(false, 200)]).toEqual([2100, 4000, 0, 2000]);
    expect(glareDelayMs(true, 0xffff_ffff)).toBeLessThanOrEqual(4000);
  });
});
