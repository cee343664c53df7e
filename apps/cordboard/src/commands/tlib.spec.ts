import { kv } from '#tlib';
import { logForm, parseLine } from './tlib.js';
import { table } from './table.js';

describe('typed requests', () => {
  it.each([
    ['RouteCall ThisDN=5001 OtherDN=7001', { msg: 'RequestRouteCall', attributes: { ThisDN: '5001', OtherDN: '7001' } }],
    ['RequestReserveAgent ThisDN=7001 Priority=3', { msg: 'RequestReserveAgent', attributes: { ThisDN: '7001', Priority: 3 } }],
    ['AttachUserData UserData={"a":1} ThisDN="two words"', { msg: 'RequestAttachUserData', attributes: { UserData: [['a', 1]], ThisDN: 'two words' } }],
    ['{"msg":"RequestQueryServer","ReferenceID":9}', { msg: 'RequestQueryServer', attributes: {} }],
  ])('%s', (line, expected) => expect(parseLine(line)).toEqual(expected));

  it('say what is missing', () => expect(() => parseLine('RouteCall 5001')).toThrow('must be Attribute=value'));
});

it('events are shown as T-Servers log them', () => {
  const event = { msg: 'EventRinging', ThisDN: '7001', CallID: 7, Time: { sec: 5, usec: 20 }, UserData: kv({ a: { b: 1 } }) };
  expect(logForm(event, new Date('2026-01-01T20:40:26.379Z'))).toBe([
    '@20:40:26.3790 [0] received message EventRinging', "\tAttributeThisDN\t'7001'", '\tAttributeCallID\t7', '\tAttributeTime\t5.000020',
    '\tAttributeUserData', "\t\t'a'", "\t\t\t'b'\t1",
  ].join('\n'));
});

it('rows become a table', () => {
  expect(table([{ dn: '7001', calls: [] }, { dn: '70', agent: { id: 'a' } }])).toBe('DN    CALLS  AGENT\n7001  -      -\n70    -      id=a');
  expect(table([])).toBe('(none)');
});
