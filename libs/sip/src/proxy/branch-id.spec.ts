import { request } from '../transaction/testing.js';
import { branchId } from './branch-id.js';

it('is the same for an INVITE, the same again, and its CANCEL (RFC 3261 §16.11)', () => {
  const ids = ['INVITE', 'INVITE', 'CANCEL'].map((method) => branchId(request(method), 0));
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
});

it.each([
  ['another way', branchId(request('INVITE'), 1)],
  ['another branch', branchId(request('INVITE', { via: 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-two' }), 0)],
  ['another sender with the same branch', branchId(request('INVITE', { via: 'SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK-one' }), 0)],
  ['another call with the same branch', branchId(request('INVITE', { callId: 'call-2' }), 0)],
  ['the next request of a client that knows no magic cookie', branchId(request('INVITE', { via: 'SIP/2.0/UDP 192.0.2.1:5060', cseq: 2 }), 0)],
])('is another one for %s', (_what, id) => {
  expect(id).not.toBe(branchId(request('INVITE'), 0));
});
