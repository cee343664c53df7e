import { FlowCache } from './flow-cache.js';

describe('FlowCache', () => {
  it('gives one flow per peer', () => {
    const flows = new FlowCache('127.0.0.1', 5060);
    const flow = flows.get('192.0.2.1', 4711);
    expect(flow).toEqual({ transport: 'udp', localHost: '127.0.0.1', localPort: 5060, host: '192.0.2.1', port: 4711, key: 'udp:192.0.2.1:4711' });
    expect(flows.get('192.0.2.1', 4711)).toBe(flow);
    expect(flows.get('192.0.2.1', 4712)).not.toBe(flow);
  });

  it('keeps who speaks, and forgets who was silent for two generations', () => {
    const flows = new FlowCache('127.0.0.1', 5060, 2);
    const talker = flows.get('192.0.2.1', 1);
    const silent = flows.get('192.0.2.1', 2);
    for (let port = 3; port < 20; port += 1) {
      flows.get('192.0.2.2', port);
      expect(flows.get('192.0.2.1', 1)).toBe(talker);
    }
    expect(flows.get('192.0.2.1', 2)).not.toBe(silent);
  });
});
