import type { Way } from '#cluster';
import { CountingMeter } from '#kernel';
import type { Flow, SipMessage, SipTransport, Target } from '#sip';
import { FencedSip } from './fenced-sip.js';

const TARGET: Target = { transport: 'udp', host: '127.0.21.1', port: 5060 };
const FLOW = { key: 'udp:127.0.21.1:5060' } as Flow;
const MESSAGE = { method: 'OPTIONS' } as unknown as SipMessage;

function stand() {
  const gate = { open: true, doubtful: true };
  const waiting: [Way, (passed: boolean) => void][] = [];
  const seen: string[] = [];
  const inner: SipTransport = {
    onMessage: () => {}, onMalformed: () => {}, onFlowLost: () => {}, listening: [],
    send: (bytes) => void seen.push(`out ${bytes}`), close: () => Promise.resolve(),
  };
  const meter = new CountingMeter();
  const sip = new FencedSip(inner, {
    isOpen: () => gate.open,
    hold: (way, work) => {
      if (gate.doubtful) waiting.push([way, work]);
      return gate.doubtful;
    },
  }, meter);
  sip.onMessage = () => void seen.push('in');
  const decide = (passed: boolean): void => { for (const [, work] of waiting.splice(0)) work(passed); };
  return { gate, waiting, seen, inner, sip, decide, stopped: () => meter.count('pair_fenced_sip_total') };
}

describe('SIP behind the fence of a pair', () => {
  it('passes while it is open, and not at all when the term is over', () => {
    const { gate, seen, inner, sip, stopped } = stand();
    sip.send('1', TARGET);
    inner.onMessage(MESSAGE, FLOW);
    Object.assign(gate, { open: false, doubtful: false });
    sip.send('2', TARGET);
    inner.onMessage(MESSAGE, FLOW);
    expect([seen, stopped()]).toEqual([['out 1', 'in'], 2]);
  });

  it.each([[true, ['out 1', 'in'], 0], [false, [], 2]])('waits in doubt; with the decision %s', (passed, expected, stops) => {
    const { gate, waiting, seen, inner, sip, decide, stopped } = stand();
    gate.open = false;
    sip.send('1', TARGET);
    inner.onMessage(MESSAGE, FLOW);
    expect([seen, waiting.map(([way]) => way)]).toEqual([[], ['out', 'in']]);
    decide(passed);
    expect([seen, stopped()]).toEqual([expected, stops]);
  });
});
