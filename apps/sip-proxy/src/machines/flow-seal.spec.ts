import fc from 'fast-check';
import { FlowSeal } from './flow-seal.js';

const P1 = new FlowSeal('secret', 'SIPP_dc1_1', ['SIPP_dc1_1', 'SIPP_dc2_1']);
const P2 = new FlowSeal('secret', 'SIPP_dc2_1', ['SIPP_dc1_1', 'SIPP_dc2_1']);

describe('the token of a flow', () => {
  it('is opened by every proxy of the cluster, and says who holds the connection', () => {
    const token = P1.seal('tcp', '192.0.2.7', 40_001);
    const flow = { transport: 'tcp', host: '192.0.2.7', port: 40_001, holder: 'SIPP_dc1_1' };
    expect(P2.open(token)).toEqual(flow);
    expect(P2.open(token)).toEqual(flow);
    expect(P1.open(P1.seal('udp', '2001:db8:1111:2222:3333:4444:5555:6666', 65_535))).toMatchObject({
      transport: 'udp', host: '2001:db8:1111:2222:3333:4444:5555:6666', port: 65_535,
    });
  });

  it('fits the user part of a SIP URI and shows neither address nor name (PRX-13)', () => {
    const token = P1.seal('udp', '192.0.2.7', 5060);
    expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/192|SIPP|5060/);
  });

  it('is the same for the same flow, so that a dialog shows one route', () => {
    const again = new FlowSeal('secret', 'SIPP_dc1_1', []);
    expect(again.seal('udp', '192.0.2.7', 5060)).toBe(P1.seal('udp', '192.0.2.7', 5060));
    expect(P1.seal('udp', '192.0.2.7', 5061)).not.toBe(P1.seal('udp', '192.0.2.7', 5060));
  });

  it('is not opened with another secret, nor when it was changed', () => {
    const token = P1.seal('udp', '192.0.2.7', 5060);
    expect(new FlowSeal('other', 'SIPP_dc1_1', []).open(token)).toBeUndefined();
    fc.assert(fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'b', '7', '_'), (at, char) => {
      const forged = token.slice(0, at) + char + token.slice(at + 1);
      // The last digit carries unused bits: other digits may mean the same bytes.
      fc.pre(!Buffer.from(forged, 'base64url').equals(Buffer.from(token, 'base64url')));
      expect(P1.open(forged)).toBeUndefined();
    }));
  });

  it('is nothing when it is any other text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => {
      expect(P1.open(text)).toBeUndefined();
    }));
  });
});
