import type { LocationBinding } from '#store';
import { parseFlowKey, wayTo, wayWithoutFlow } from './binding-way.js';

const binding = (contact: string, flow: string, more: Partial<LocationBinding> = {}): LocationBinding => ({
  contact, flow, node: 'p1', expiresAtMs: 0, updatedAtMs: 0, callId: 'c', cseq: 1, q: 1, path: [], ...more,
});

describe('the way to a phone', () => {
  it('is its Contact when the registration came from that address over UDP', () => {
    expect(wayTo(binding('sip:7001@192.0.2.7:5062', 'udp:192.0.2.7:5062'))).toMatchObject({ kind: 'uri', uri: { port: 5062 } });
    expect(wayTo(binding('sip:7001@192.0.2.7:5062', 'udp:192.0.2.7:40000'))).toMatchObject({ kind: 'uri', uri: { port: 5062 } });
  });

  it('is the address that its NAT shows, at the proxy that it came to', () => {
    expect(wayTo(binding('sip:7001@10.0.0.7:5060', 'udp:192.0.2.7:40001'))).toEqual({
      kind: 'flow', transport: 'udp', host: '192.0.2.7', port: 40_001, holder: 'p1',
    });
    expect(wayTo(binding('sip:7001@phone.local', 'udp:192.0.2.7:40001'))).toMatchObject({ kind: 'flow' });
  });

  it('is its connection when it registered over one', () => {
    expect(wayTo(binding('sip:7001@192.0.2.7:5060;transport=tcp', 'tcp:192.0.2.7:40001'))).toMatchObject({
      kind: 'flow', transport: 'tcp', port: 40_001,
    });
  });

  it('is the Path when there is one (RFC 3327)', () => {
    const way = wayTo(binding('sip:7001@10.0.0.7', 'udp:192.0.2.9:5060', { path: ['<sip:sbc.example.com;lr>', '<sip:x;lr>'] }));
    expect(way).toMatchObject({ kind: 'uri', uri: { host: 'sbc.example.com' } });
  });

  it('leads to the Contact when the connection is gone and no NAT is in between', () => {
    const plain = binding('sip:7001@192.0.2.7:5060;transport=tcp', 'tcp:192.0.2.7:40001');
    expect(wayWithoutFlow(plain)).toMatchObject({ kind: 'uri', uri: { port: 5060 } });
    expect(wayWithoutFlow(binding('sip:7001@10.0.0.7;transport=tcp', 'tcp:192.0.2.7:40001'))).toBeUndefined();
    expect(wayWithoutFlow({ ...plain, regId: 1 })).toBeUndefined();
    expect(wayWithoutFlow(binding('sip:7001@192.0.2.7', 'udp:192.0.2.7:5060'))).toBeUndefined();
  });

  it('is read from a flow\'s key, IPv6 included', () => {
    expect(parseFlowKey('tls:2001:db8::1:5061')).toEqual({ transport: 'tls', host: '2001:db8::1', port: 5061 });
    for (const key of ['', 'udp', 'ws:192.0.2.1:80', 'udp:5060']) expect(parseFlowKey(key)).toBeUndefined();
  });
});
