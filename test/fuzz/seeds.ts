/** What is mutated: messages of our own, those of the corpora where they are at hand, and one line of every T-Library request. */
import { type AttributeType, type EnumName, ENUMS, REQUEST_RULES } from '#tlib';
import { allCorpusMessages } from '../corpora/manifest.js';

/** A message from its lines and its body. */
const message = (lines: readonly string[], body = ''): string => [...lines, `Content-Length: ${body.length}`, '', body].join('\r\n');

const OWN = [
  message([
    'INVITE sip:user@example.com;x=1?h=2 SIP/2.0', 'Via: SIP/2.0/UDP a.example:5060;branch=z9hG4bK1;rport', 'Max-Forwards: 70',
    'From: "A, b" <sip:alice@a.example>;tag=88', 'To: <sip:bob@biloxi.example>', 'Call-ID: c1@a', 'CSeq: 7 INVITE',
    'Contact: <sip:alice@[2001:db8::1]:5060;transport=tcp>;expires=60, sip:b@c', 'Route: <sip:p;lr>,<sip:q;lr>', 'X: one', ' two',
    'Content-Type: application/sdp',
  ], 'v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\na=sendrecv\r\n'),
  message([
    'SIP/2.0 401 Unauthorized', 'v: SIP/2.0/TCP h;branch=z9hG4bKx;received=192.0.2.1', 'f: <sip:a@b>;tag=1', 't: <sip:a@b>;tag=2', 'i: x',
    'CSeq: 1 REGISTER', 'WWW-Authenticate: Digest realm="r", nonce="n"',
  ]),
  message([
    'REGISTER sip:example.com SIP/2.0', 'Via: SIP/2.0/UDP h;branch=z9hG4bKr', 'Max-Forwards: 70', 'From: <sip:7001@example.com>;tag=1',
    'To: <sip:7001@example.com>', 'Call-ID: r', 'CSeq: 2 REGISTER', 'Path: <sip:p;lr>', 'Supported: path',
    'Contact: <sip:7001@192.0.2.7:5062>;expires=60;q=0.5;+sip.instance="<urn:uuid:1>";reg-id=1',
    'Authorization: Digest username="7001", realm="example.com", nonce="n", uri="sip:example.com", response="00", algorithm=SHA-256, '
      + 'cnonce="c", qop=auth, nc=00000001',
  ]),
  message([
    'ACK sip:n1@example.com SIP/2.0', 'Via: SIP/2.0/UDP h;branch=z9hG4bKa', 'Max-Forwards: 70', 'From: <sip:a@b>;tag=1', 'To: <sip:c@d>;tag=n1.2',
    'Call-ID: a', 'CSeq: 7 ACK',
  ]),
  message([
    'CANCEL sip:user@example.com SIP/2.0', 'Via: SIP/2.0/UDP a.example:5060;branch=z9hG4bK1;rport', 'Max-Forwards: 70',
    'From: "A, b" <sip:alice@a.example>;tag=88', 'To: <sip:bob@biloxi.example>', 'Call-ID: c1@a', 'CSeq: 7 CANCEL', 'Reason: SIP;cause=200',
  ]),
  message([
    'INVITE sip:7002@example.com SIP/2.0', 'Via: SIP/2.0/TCP h:5070;branch=z9hG4bKs', 'Max-Forwards: 5', 'From: <sip:7001@example.com>;tag=1',
    'To: <sip:7002@example.com>', 'Call-ID: s', 'CSeq: 1 INVITE', 'Contact: <sip:7001@h>', 'Session-Expires: 90;refresher=uac', 'Min-SE: 90',
    'Require: 100rel', 'Supported: timer', 'Replaces: x;to-tag=1;from-tag=2', 'RAck: 1 2 INVITE', 'RSeq: 1', 'Expires: 30',
  ]),
];

export const sipSeeds: readonly string[] = [...OWN, ...new Set(allCorpusMessages().map(({ bytes }) => bytes.toString('latin1')))];

const SAMPLES: Readonly<Partial<Record<AttributeType, unknown>>> = {
  int: 3, string: '7001', ConnID: '0151025a84c2a028', strings: ['EventRinging'], kvlist: [['a', 1], ['a', 'é'], ['list', { b: [['c', 2]] }]],
};

const sample = (type: AttributeType): unknown => SAMPLES[type] ?? ENUMS[type as EnumName][0];

/** Once with what must be there, once with everything. */
export const tlibSeeds: readonly string[] = [...REQUEST_RULES.values()].flatMap(({ msg, attributes }) => [false, true].map((everything) => {
  const chosen = attributes.filter(({ required }) => everything || required);
  return JSON.stringify({ msg, ...Object.fromEntries(chosen.map(({ name, type }) => [name, sample(type)])) });
}));
