/** What a proxy does to a message, without the sockets: read it, look at it, splice it, write it. */
import { parseMessage } from '#sip';
import { measure, report } from './measure.js';

const INVITE = Buffer.from([
  'INVITE sip:7001@sip.cordboard.test SIP/2.0',
  'Via: SIP/2.0/UDP 192.0.2.10:5090;branch=z9hG4bK-3251-1-0;rport',
  'Max-Forwards: 70',
  'From: "8880001" <sip:8880001@192.0.2.10:5090>;tag=3251SIPpTag001',
  'To: <sip:7001@sip.cordboard.test>',
  'Call-ID: 1-3251@192.0.2.10',
  'CSeq: 1 INVITE',
  'Contact: <sip:8880001@192.0.2.10:5090>',
  'User-Agent: carrier',
  'Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, UPDATE',
  'Supported: timer, 100rel',
  'Content-Type: application/sdp',
  'Content-Length: 211',
  '',
  `v=0\r\no=- 53655765 2353687637 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\n${
    'a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n'}`.padEnd(211, ' '),
].join('\r\n'), 'latin1');

const COUNT = 100_000;

const repeat = (work: () => void) => () => {
  for (let i = 0; i < COUNT; i += 1) work();
};

function parsed() {
  const outcome = parseMessage(INVITE);
  if (!outcome.ok || outcome.value.kind !== 'request') throw new Error('the bench message is wrong');
  return outcome.value;
}

report([
  measure('SIP: read a request of 700 bytes', COUNT, repeat(parsed)),
  measure('SIP: read, and decode what a proxy looks at', COUNT, repeat(() => {
    const request = parsed();
    void [request.topVia.branch, request.from.tag, request.to.tag, request.callId, request.cseq.method, request.requestUri?.host, request.maxForwards];
  })),
  measure('SIP: the same, new Via, Record-Route, R-URI, Max-Forwards', COUNT, repeat(() => {
    const request = parsed();
    void [request.topVia.branch, request.from.tag, request.to.tag, request.callId, request.cseq.method, request.requestUri?.host];
    Buffer.from(request.edit()
      .uri('sip:7001@192.0.2.20:5060')
      .prepend('Via', 'SIP/2.0/UDP sip.cordboard.test;branch=z9hG4bKabcdef0123456789;rport')
      .prepend('Record-Route', '<sip:sip.cordboard.test;lr;r=0123456789abcdef>')
      .replace('Max-Forwards', '69')
      .serialize(), 'latin1');
  })),
]);
