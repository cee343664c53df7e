import { stampMessage, stampVia } from './via-stamp.js';

const SOURCE = { host: '192.0.2.7', port: 4711 };

describe('stampVia', () => {
  it.each([
    ['asked for rport (RFC 3581 §4)', 'SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff', 'asked',
      'SIP/2.0/UDP 10.1.1.1:4540;rport=4711;received=192.0.2.7;branch=z9hG4bKkjshdyff', undefined],
    ['asked for rport at the end', 'SIP/2.0/UDP 10.1.1.1;branch=z9hG4bK1;rport', 'asked',
      'SIP/2.0/UDP 10.1.1.1;branch=z9hG4bK1;rport=4711;received=192.0.2.7', undefined],
    ['another host (§18.2.1)', 'SIP/2.0/UDP bobspc.biloxi.com:5062;branch=z9hG4bK1', 'asked',
      'SIP/2.0/UDP bobspc.biloxi.com:5062;branch=z9hG4bK1;received=192.0.2.7', 5062],
    ['the source itself', 'SIP/2.0/UDP 192.0.2.7:4711;branch=z9hG4bK1', 'asked',
      'SIP/2.0/UDP 192.0.2.7:4711;branch=z9hG4bK1', undefined],
    ['the source, listening at the default port', 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1', 'asked',
      'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1', 5060],
    ['not asked, but wanted by us', 'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1', 'always',
      'SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1;rport=4711;received=192.0.2.7', 5060],
    ['a received of the sender\'s own making', 'SIP/2.0/UDP 192.0.2.7:4711;received=198.51.100.1;branch=z9hG4bK1', 'asked',
      'SIP/2.0/UDP 192.0.2.7:4711;branch=z9hG4bK1', undefined],
  ] as const)('%s', (_name, via, policy, text, replyPort) => {
    expect(stampVia(via, SOURCE, policy)).toEqual({ text, replyPort });
  });
});

describe('stampMessage', () => {
  const message = (vias: string) => `OPTIONS sip:x SIP/2.0\r\nMax-Forwards: 70\r\n${vias}\r\nCall-ID: 1\r\n\r\nVia: in the body`;

  it.each([
    ['one line per Via', 'Via: SIP/2.0/UDP a;rport;branch=1\r\nVia: SIP/2.0/UDP b;rport', 'Via: SIP/2.0/UDP a;rport=4711;received=192.0.2.7;branch=1\r\nVia: SIP/2.0/UDP b;rport'],
    ['a list in one line', 'VIA: SIP/2.0/UDP a;rport , SIP/2.0/UDP b;rport', 'VIA: SIP/2.0/UDP a;rport=4711;received=192.0.2.7 , SIP/2.0/UDP b;rport'],
    ['the compact form', 'v : SIP/2.0/UDP a;rport', 'v : SIP/2.0/UDP a;rport=4711;received=192.0.2.7'],
    ['a folded line', 'Via: SIP/2.0/UDP a\r\n ;rport\r\n ;branch=1', 'Via: SIP/2.0/UDP a\r\n ;rport=4711;received=192.0.2.7;branch=1'],
    ['a comma in quotes', 'Via: SIP/2.0/UDP a;x="1,2";rport', 'Via: SIP/2.0/UDP a;x="1,2";rport=4711;received=192.0.2.7'],
    ['a header that only begins like Via', 'Victim: yes\r\nVia: SIP/2.0/UDP a;rport', 'Victim: yes\r\nVia: SIP/2.0/UDP a;rport=4711;received=192.0.2.7'],
    ['no Via at all', 'Subject: none', 'Subject: none'],
  ])('%s', (_name, before, after) => {
    expect(stampMessage(message(before), SOURCE, 'asked').text).toBe(message(after));
  });

  it('leaves responses alone', () => {
    const response = 'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;rport\r\n\r\n';
    expect(stampMessage(response, SOURCE, 'always')).toEqual({ text: response, replyPort: undefined });
  });
});
