import { jest } from '@jest/globals';
import { Readable } from 'node:stream';
import { CountingMeter, silentLog, SystemClock, SystemEntropy } from '#kernel';
import { kv } from '#tlib';
import { TlibServer } from '#tlib/server';
import { logForm, parseLine, runTlib } from './tlib.js';
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
  expect(table([], 'no call lives')).toBe('no call lives');
});

describe('requests from a pipe', () => {
  const ports = { clock: new SystemClock(), entropy: new SystemEntropy(), log: silentLog, meter: new CountingMeter() };
  const printed: string[] = [];
  let server: TlibServer;
  let port: number;

  beforeAll(async () => {
    server = new TlibServer(ports, {
      identity: { role: 'TController', applicationName: 'S', switchName: 'T', geoLocation: '', node: 'S', version: '1' },
      clientRoles: ['Standard'], password: '', knownApplications: [], backlog: { ms: 1_000, bytes: 1_000_000 }, maxClients: 10,
    }, {
      // Well after the input has ended.
      onRequest: (session, request) => void setTimeout(() => session.send({ msg: 'EventRegistered', ThisDN: request['ThisDN'] }, request['ReferenceID'] as number), 30),
    });
    port = await server.listen('127.0.33.2', 0);
    jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await server.close();
  });
  const typed = (...lines: string[]): Promise<number> => runTlib([`127.0.33.2:${port}`, '--json'], Readable.from([lines.join('\n')]));

  it('are all answered before the command ends', async () => {
    expect(await typed('RegisterAddress ThisDN=7001', 'RegisterAddress ThisDN=7002')).toBe(0);
    expect(printed.map((line) => (JSON.parse(line) as { ThisDN?: string }).ThisDN).filter(Boolean)).toEqual(['7001', '7002']);
  });

  it('make the status 1 when one is refused', async () => {
    expect(await typed('AgentLogin ThisDN=7001')).toBe(1);
  });
});
