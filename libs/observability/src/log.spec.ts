import { makeLog } from './log.js';

function capture() {
  const lines: Record<string, unknown>[] = [];
  return { lines, destination: { write: (line: string) => void lines.push(JSON.parse(line)) } };
}

describe('makeLog', () => {
  it('writes one JSON object a line, with the fields of every log it came from', () => {
    const { lines, destination } = capture();
    makeLog({ destination, fields: { application: 'cb1' } }).with({ subsystem: 'sip' }).info('listening', { port: 5060 });
    expect(lines).toMatchObject([
      { level: 'info', msg: 'listening', application: 'cb1', subsystem: 'sip', port: 5060 },
    ]);
  });

  it('is silent below its level', () => {
    const { lines, destination } = capture();
    const log = makeLog({ destination, level: 'warn' });
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map(({ msg }) => msg)).toEqual(['c', 'd']);
  });

  it('has a level per subsystem that changes while it runs, for logs that exist already', () => {
    const { lines, destination } = capture();
    const log = makeLog({ destination, level: 'info', levels: { bus: 'error' } });
    const sip = log.with({ subsystem: 'sip' });
    const call = sip.with({ connID: '1' });
    const bus = log.with({ subsystem: 'bus' });
    bus.warn('unheard');
    call.debug('unheard');
    log.setLevel('debug', 'sip');
    call.debug('heard');
    log.debug('unheard');
    expect(lines.map(({ msg }) => msg)).toEqual(['heard']);
    expect(log.levels()).toEqual({ '*': 'info', bus: 'error', sip: 'debug' });
  });

  it('keeps secrets out of fields, texts and errors', () => {
    const { lines, destination } = capture();
    const log = makeLog({ destination });
    log.info('got Authorization: Digest response="abc1"', {
      headers: { 'Proxy-Authorization': 'abc2', Via: 'SIP/2.0/UDP a' },
      person: { password: 'abc3', UserData: [['card', 'abc4']] },
      text: 'REGISTER sip:a SIP/2.0\r\nAuthorization: Digest username="7001",\r\n response="abc5"\r\nCSeq: 1 REGISTER\r\n',
      error: new Error('refused: password=abc6'),
    });
    const line = JSON.stringify(lines);
    expect(line).not.toMatch(/abc\d/);
    expect(line).toContain('SIP/2.0/UDP a');
    expect(line).toContain('CSeq: 1 REGISTER');
  });

  it('survives what cannot be written as it is', () => {
    const { lines, destination } = capture();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    makeLog({ destination }).info('circle', { circle, big: 1n, bytes: new Uint8Array(3) });
    expect(lines).toMatchObject([{ big: '1', bytes: '[3 bytes]' }]);
  });
});
