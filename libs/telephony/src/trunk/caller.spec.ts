import { CallerRecognition, type CallerFacts, type KnownDns } from './caller.js';

type Dn = KnownDns['dns'] extends ReadonlyMap<string, infer D> ? D : never;

const dn = (number: string, type: string, contact: string): [string, Dn] =>
  [number, { number, type, options: new Map([['contact', contact]]) }];

const recognition = new CallerRecognition({
  dns: new Map([
    dn('7001', 'Extension', '*'),
    dn('5000', 'RoutingPoint', ''),
    dn('T_ip', 'Trunk', 'sip:10.0.0.1:5090'),
    dn('T_second', 'Trunk', 'sip:10.0.0.1:5092'),
    dn('T_name', 'Trunk', 'sip:sbc.example;transport=tcp'),
  ]),
});

function from(user: string, host: string, port: number, more: Partial<CallerFacts> = {}): CallerFacts {
  return { fromUser: user, fromHost: 'x.invalid', source: { host: 'x.invalid', port: 1, received: host, rport: port }, flow: undefined, ...more };
}

describe('CallerRecognition', () => {
  it('knows a trunk by host and port, even when it shows an internal number', () => {
    expect(recognition.recognise(from('8880001', '10.0.0.1', 5092))).toEqual({ kind: 'trunk', trunk: 'T_second' });
    expect(recognition.recognise(from('7001', '10.0.0.1', 5090))).toEqual({ kind: 'trunk', trunk: 'T_ip' });
  });

  it('takes a DN for what it says only over the flow of its registration', () => {
    expect(recognition.recognise(from('7001', '10.9.9.9', 1, { flow: 'registered;dn=7001' })))
      .toEqual({ kind: 'internal', dn: '7001', trusted: true });
    expect(recognition.recognise(from('7001', '10.9.9.9', 1, { flow: 'registered;dn=7002' })))
      .toEqual({ kind: 'internal', dn: '7001', trusted: false });
  });

  it('prefers the DN to a trunk of the same host and another port', () => {
    expect(recognition.recognise(from('7001', '10.0.0.1', 4444))).toEqual({ kind: 'internal', dn: '7001', trusted: false });
    expect(recognition.recognise(from('8880001', '10.0.0.1', 4444))).toEqual({ kind: 'trunk', trunk: 'T_ip' });
  });

  it('knows a trunk with a name by the name in Via or From', () => {
    const via = { host: 'SBC.example', port: undefined, received: '192.0.2.7', rport: 5060 };
    expect(recognition.recognise(from('1', '', 0, { source: via }))).toEqual({ kind: 'trunk', trunk: 'T_name' });
    expect(recognition.recognise(from('1', '192.0.2.7', 9, { fromHost: 'sbc.example' }))).toEqual({ kind: 'trunk', trunk: 'T_name' });
  });

  it('knows nobody else: neither strangers, nor Routing Points, nor what came round the proxy', () => {
    expect(recognition.recognise(from('8880001', '192.0.2.1', 5090))).toEqual({ kind: 'unknown' });
    expect(recognition.recognise(from('5000', '192.0.2.1', 5090))).toEqual({ kind: 'unknown' });
    expect(recognition.recognise({ ...from('8880001', '10.0.0.1', 5090), source: undefined })).toEqual({ kind: 'unknown' });
  });
});
