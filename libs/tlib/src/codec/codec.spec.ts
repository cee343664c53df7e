import fc from 'fast-check';
import type { KVList } from '../message.js';
import { ACCEPTED } from '../messages/ports.js';
import { REQUEST_RULES } from '../messages/requests.js';
import { kv, kvAttach, kvDelete, kvFromJson, kvGet, kvToJson, kvUpdate } from '../messages/kv-list.js';
import { decodeEvent, decodeRequest } from './decode.js';
import { encodeEvent, encodeRequest, tTime } from './encode.js';
import { LINE_BYTES_MAX, LineFramer } from './line-framer.js';

const { list } = fc.letrec<{ list: KVList; value: string | number | KVList }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.string(), fc.integer(), tie('list')),
  list: fc.array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('1', '2', 'a')), tie('value')), { maxLength: 5 }),
}));

describe('KV-lists', () => {
  it('come back in order and with repeated keys', () => {
    fc.assert(fc.property(list, (each) => {
      expect(kvFromJson(JSON.parse(kvToJson(each)))).toEqual(orderedByJson(each));
    }));
  });

  /** JSON.parse puts integer keys of an object first; only a reader that keeps the text sees the server's order. */
  function orderedByJson(each: KVList): KVList {
    const keys = each.map(([key]) => key);
    const nested = each.map(([key, value]) => [key, typeof value === 'object' ? orderedByJson(value) : value] as const);
    if (new Set(keys).size !== keys.length) return nested;
    return Object.entries(Object.fromEntries(nested));
  }

  it('attach adds, update replaces, delete removes', () => {
    const data = kv({ a: 1, b: 'x' });
    expect(kvAttach(data, kv({ a: 2 }))).toEqual([['a', 1], ['b', 'x'], ['a', 2]]);
    expect(kvUpdate(kvAttach(data, kv({ a: 2 })), kv({ a: 3, c: 4 }))).toEqual([['a', 3], ['b', 'x'], ['c', 4]]);
    expect(kvDelete(kvAttach(data, kv({ a: 2 })), 'a')).toEqual([['b', 'x']]);
    expect(kvGet(data, 'b')).toBe('x');
  });

  it.each([[1.5], [null], ['x'], [[['a']]], [{ a: null }], [[[1, 2]]]])('%j is none', (json) => expect(kvFromJson(json)).toBeUndefined());
});

describe('requests', () => {
  const decode = (text: string) => decodeRequest(text);

  it('are checked against the catalogue, unknown attributes dropped', () => {
    expect(decode('{"msg":"RequestRegisterAddress","ThisDN":"5001","ReferenceID":2,"Colour":"red"}'))
      .toEqual({ ok: true, value: { msg: 'RequestRegisterAddress', ThisDN: '5001', ReferenceID: 2 } });
  });

  it.each([
    ['{"msg":"RequestRouteCall","ReferenceID":7,"ThisDN":"5001"}', 53, 'needs the attribute ConnID'],
    ['{"msg":"RequestRouteCall","ThisDN":"5001","ConnID":"XYZ"}', 53, '16 lower-case hex digits'],
    ['{"msg":"RequestRouteCall","ThisDN":"5001","ConnID":"0151025a84c2a028","RouteType":"Sideways"}', 53, 'one of Unknown, Default'],
    ['{"msg":"RequestAttachUserData","ThisDN":"5001","ConnID":"0151025a84c2a028","UserData":{"a":1.5}}', 53, 'UserData'],
    ['{"msg":"RequestFly"}', 51, 'no request called RequestFly'],
    ['{"ThisDN":"5001"}', 53, 'msg'],
  ])('%s is refused and the connection stays', (line, code, text) => {
    const outcome = decode(line);
    expect(outcome).toMatchObject({ ok: false, error: { code, fatal: false } });
    expect(outcome.ok ? '' : outcome.error.message).toContain(text);
  });

  it.each([['[]'], ['hello'], ['null'], ['{"msg":']])('%s ends the connection', (line) => {
    expect(decode(line)).toMatchObject({ ok: false, error: { code: 58, fatal: true } });
  });

  it('never throw, whatever comes', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => void decodeRequest(line)));
  });

  it('come back as they were sent', () => {
    const request = { msg: 'RequestRouteCall', ReferenceID: 3, ThisDN: '5001', ConnID: '0151025a84c2a028', OtherDN: '7001', Extensions: kv({ a: { b: 1 } }) };
    expect(decode(encodeRequest(request).trimEnd())).toEqual({ ok: true, value: request });
  });

  it('accepted by a port exist', () => {
    for (const accepted of Object.values(ACCEPTED)) for (const msg of accepted) expect(REQUEST_RULES.has(msg)).toBe(true);
  });
});

describe('events', () => {
  const event = { msg: 'EventRinging', ThisDN: '7001', Time: tTime(1_500.25), UserData: [['2', 'b'], ['1', 'a']] as KVList, Flag: true, Gone: undefined };

  it('are encoded once; number and ReferenceID are each receiver\'s own', () => {
    expect(encodeEvent(event, 4)).toBe(
      '{"msg":"EventRinging","EventSequenceNumber":4,"ThisDN":"7001","Time":{"sec":1,"usec":500250},'
      + '"UserData":{"2":"b","1":"a"},"Flag":true}\n',
    );
    expect(encodeEvent(event, 5, 9)).toContain('"EventSequenceNumber":5,"ReferenceID":9,"ThisDN"');
  });

  it('are read by clients', () => {
    expect(decodeEvent(encodeEvent(event, 4))).toMatchObject({ msg: 'EventRinging', EventSequenceNumber: 4, Time: { sec: 1, usec: 500_250 } });
    expect(decodeEvent('nonsense')).toBeUndefined();
  });
});

describe('lines', () => {
  it('are the same however the bytes are cut', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.array(fc.nat(20)), (texts, cuts) => {
      const lines = texts.map((text) => text.replace(/[\r\n]/g, ''));
      const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''), 'utf8');
      const seen: (string | undefined)[] = [];
      const framer = new LineFramer();
      let from = 0;
      for (const cut of cuts) {
        expect(framer.push(bytes.subarray(from, from + cut), (line) => seen.push(line))).toBe(true);
        from = Math.min(bytes.length, from + cut);
      }
      framer.push(bytes.subarray(from), (line) => seen.push(line));
      expect(seen).toEqual(lines.filter((line) => line !== ''));
    }));
  });

  it('too long are refused, whole or in pieces', () => {
    const long = Buffer.alloc(LINE_BYTES_MAX + 1, 0x20);
    expect(new LineFramer().push(long, () => {})).toBe(false);
    expect(new LineFramer().push(Buffer.concat([long, Buffer.from('\n')]), () => {})).toBe(false);
  });

  it('that are not UTF-8 are told apart from those that hold the replacement character', () => {
    const seen: (string | undefined)[] = [];
    new LineFramer().push(Buffer.from([0xff, 0x0a, 0xef, 0xbf, 0xbd, 0x0a]), (line) => seen.push(line));
    expect(seen).toEqual([undefined, '\ufffd']);
  });
});
