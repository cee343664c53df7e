import { csv } from './csv.js';
import { historyParameters } from './history-query.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const DAY_MS = 86_400_000;
const read = (query: Record<string, unknown>) => historyParameters(query, NOW);

describe('parameters of a history request', () => {
  it('asks for the last day when nothing is said, and for ever by ConnID', () => {
    expect(read({})).toEqual({ format: 'json', request: { fromMs: NOW + 1 - DAY_MS, toMs: NOW + 1, limit: 100 } });
    expect(read({ connid: '0017546300000001' }).request).toMatchObject({ fromMs: 0, connID: '0017546300000001' });
  });

  it.each([
    ['2026-01-30', Date.UTC(2026, 0, 30)], ['2026-01-30T10:00:00Z', Date.UTC(2026, 0, 30, 10)], ['2026-01-30T10:00:00+02:00', Date.UTC(2026, 0, 30, 8)],
    ['2026-01-30T10:00', Date.UTC(2026, 0, 30, 10)], ['2h', NOW - 7_200_000], ['1769760000000', 1_769_760_000_000],
  ])('takes from=%s', (from, ms) => expect(read({ from }).request.fromMs).toBe(ms));

  it.each([
    ['from', { from: 'yesterday' }], ['from', { from: '2025-01-01' }], ['to', { from: '1h', to: '2h' }], ['limit', { limit: '0' }], ['limit', { limit: '501' }],
    ['limit', { limit: 'x' }], ['connid', { connid: 'ABC' }], ['dn', { dn: '' }], ['dn', { dn: ['7001', '7002'] }], ['format', { format: 'xml' }], ['dm', { dm: '7001' }],
    ['to', { to: '1969-01-01' }],
  ])('refuses a wrong %s, naming it: %j', (name, query) => expect(() => read(query)).toThrow(new RegExp(`^${name}\\b`)));

  it('takes words of verdicts for verdicts alone', () => {
    const query = { from: '2020-01-01', ani: '+815012345678', rule: 'night', verdict: 'refused', division: 'east', dn: '5000' };
    expect(historyParameters(query, NOW, 'verdicts').request).toMatchObject({ ani: '+815012345678', rule: 'night', verdict: 'refused', division: 'east', dn: '5000' });
    expect(() => historyParameters({ verdict: 'denied' }, NOW, 'verdicts')).toThrow('verdict denied: must be one of passed, refused, shadow-refused');
    expect(() => historyParameters({ from: '2020-01-01' }, NOW, 'verdicts')).toThrow('from: without dn, ani, rule, verdict or division');
    expect(() => historyParameters({ connid: '0017546300000001' }, NOW, 'verdicts')).toThrow(/^connid: there is no such parameter/);
    expect(() => read({ rule: 'night' })).toThrow(/^rule: there is no such parameter/);
  });

  it('asks any range by DN or agent', () => {
    expect(read({ from: '2020-01-01', dn: '7001' }).request.dn).toBe('7001');
    expect(read({ from: '2020-01-01', agent: 'agent7001' }).request.agent).toBe('agent7001');
  });
});

describe('CSV', () => {
  it('quotes what needs it, writes times as ISO 8601, and gives a spreadsheet nothing to run', () => {
    expect(csv([{ startedAtMs: NOW, talkMs: 5, dn: '7001', ani: '+49 30', note: 'a "b", c', list: ['x'] }, { dn: '=1+1', talkMs: -2 }])).toBe([
      'startedAtMs,talkMs,dn,ani,note,list', `2026-01-31T12:00:00.000Z,5,7001,'+49 30,"a ""b"", c","[""x""]"`, `,-2,'=1+1,,,`, '',
    ].join('\r\n'));
    expect(csv([])).toBe('\r\n');
  });
});
