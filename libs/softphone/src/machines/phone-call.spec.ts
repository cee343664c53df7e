import { type CallEffect, type CallInput, PhoneCall } from './phone-call.js';

function talking() {
  const call = new PhoneCall('calling');
  const feed = (...inputs: CallInput[]): CallEffect[] => {
    const out: CallEffect[] = [];
    for (const input of inputs) call.on(input, out);
    return out;
  };
  feed({ kind: 'success' });
  return { call, feed };
}

describe('a re-INVITE that is refused', () => {
  it.each([
    ['491', 491, undefined, 3_000],
    ['500 with Retry-After', 500, 1, 1_000],
    ['503 with Retry-After 0', 503, 0, 0],
  ])('is sent again after %s', (_name, status, retryAfterS, afterMs) => {
    const { call, feed } = talking();
    expect(feed({ kind: 'hold' })).toEqual([{ kind: 'reinvite', hold: true }]);
    expect(feed({ kind: 'offerAnswered', status, retryAfterS })).toEqual([{ kind: 'setTimer', timer: 'glare', afterMs }]);
    expect(feed({ kind: 'timer', timer: 'glare' })).toEqual([{ kind: 'reinvite', hold: true }]);
    expect(feed({ kind: 'offerAnswered', status: 200 })).toEqual([{ kind: 'moved', state: 'Established' }]);
    expect(call.onHold).toBe(true);
  });

  it.each([
    ['500', 500, undefined],
    ['a Retry-After that is too long', 503, 11],
    ['a Retry-After of a refusal that is no server failure', 488, 1],
  ])('is given up after %s', (_name, status, retryAfterS) => {
    const { call, feed } = talking();
    feed({ kind: 'hold' });
    expect(feed({ kind: 'offerAnswered', status, retryAfterS })).toEqual([]);
    expect(call.onHold).toBe(false);
    expect(feed({ kind: 'hold' })).toEqual([{ kind: 'reinvite', hold: true }]);
  });
});
