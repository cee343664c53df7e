import { PrometheusMeter } from './prometheus-meter.js';

describe('PrometheusMeter', () => {
  it('prints counters with their labels, from 0 on', async () => {
    const meter = new PrometheusMeter();
    const udp = meter.counter('sip_messages_total', 'Messages', { transport: 'udp' });
    meter.counter('sip_messages_total', 'Messages', { transport: 'tcp' });
    udp.add();
    udp.add(4);
    const text = await meter.text();
    expect(text).toContain('cordboard_sip_messages_total{transport="udp"} 5');
    expect(text).toContain('cordboard_sip_messages_total{transport="tcp"} 0');
  });

  it('counts on when the same counter is asked for again', async () => {
    const meter = new PrometheusMeter();
    meter.counter('calls_total', 'Calls').add();
    meter.counter('calls_total', 'Calls').add();
    expect(await meter.text()).toContain('cordboard_calls_total 2');
  });

  it('reads a gauge when it is asked, and a new reader replaces the old one', async () => {
    const meter = new PrometheusMeter();
    let calls = 1;
    meter.gauge('live_calls', 'Live calls', () => calls, { node: 'sc1' });
    meter.gauge('live_calls', 'Live calls', () => 7, { node: 'sc2' });
    meter.gauge('live_calls', 'Live calls', () => 8, { node: 'sc2' });
    calls = 3;
    const text = await meter.text();
    expect(text).toContain('cordboard_live_calls{node="sc1"} 3');
    expect(text).toContain('cordboard_live_calls{node="sc2"} 8');
  });

  it('refuses a metric whose labels differ from those it began with', () => {
    const meter = new PrometheusMeter();
    meter.counter('x_total', 'X', { a: '1' });
    expect(() => meter.counter('x_total', 'X', { b: '1' })).toThrow('has the labels [a], not [b]');
  });

  it('shows no more what is forgotten, and begins anew when it is asked for again', async () => {
    const meter = new PrometheusMeter();
    meter.counter('refused_total', 'Refused', { rule: 'a' }).add(3);
    meter.counter('refused_total', 'Refused', { rule: 'b' }).add();
    meter.gauge('in_use', 'In use', () => 5, { rule: 'a' });
    expect(await meter.text()).toContain('cordboard_in_use{rule="a"} 5');
    meter.forget('refused_total', { rule: 'a' });
    meter.forget('in_use', { rule: 'a' });
    meter.forget('nothing', { rule: 'a' });
    const text = await meter.text();
    expect(text).not.toContain('rule="a"');
    expect(text).toContain('cordboard_refused_total{rule="b"} 1');
    meter.counter('refused_total', 'Refused', { rule: 'a' }).add();
    expect(await meter.text()).toContain('cordboard_refused_total{rule="a"} 1');
  });

  it('keeps two meters of one process apart', async () => {
    const one = new PrometheusMeter();
    new PrometheusMeter().counter('calls_total', 'Calls').add();
    one.counter('calls_total', 'Calls');
    expect(await one.text()).toContain('cordboard_calls_total 0');
  });
});
