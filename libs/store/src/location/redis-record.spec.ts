import { parseRecord, recordKey, recordValue } from './redis-record.js';

const binding = {
  contact: 'sip:7001@192.0.2.1:5060;transport=udp', expiresAtMs: 2_000.25, updatedAtMs: 1_000.5, callId: 'c@phone', cseq: 1, q: 0.5,
  path: ['<sip:p1;lr>'], flow: 'udp:192.0.2.1:5060', node: 'proxy1', userAgent: 'Phone "é" 1',
};
const KEY = recordKey('7001', binding.contact);

describe('records in Redis', () => {
  it('are read as they were written', () => {
    const put = { kind: 'put', aor: '7001', binding } as const;
    const gone = { kind: 'gone', aor: '7001', contact: binding.contact, atMs: 1_000.5 } as const;
    expect(parseRecord(KEY, recordValue(put))).toEqual(put);
    expect(parseRecord(KEY, recordValue(gone))).toEqual(gone);
  });

  it.each([
    ['another prefix', 'x:7001 sip:a', '1 -'],
    ['no contact', 'cb:loc:7001', '1 -'],
    ['no time', KEY, '-'],
    ['a time that is none', KEY, 'x -'],
    ['broken JSON', KEY, '1 {'],
    ['null', KEY, '1 null'],
    ['another contact', KEY, recordValue({ kind: 'put', aor: '7001', binding: { ...binding, contact: 'sip:b' } })],
    ['a member of another type', KEY, `1 ${JSON.stringify({ ...binding, cseq: '1' })}`],
    ['a member that is missing', KEY, `1 ${JSON.stringify({ ...binding, flow: undefined })}`],
  ])('with %s are none', (_what, key, value) => {
    expect(parseRecord(key, value)).toBeUndefined();
  });
});
