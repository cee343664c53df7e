import fc from 'fast-check';
import { importAniCsv, writeAniCsv } from './ani-csv.js';
import { type AniEntry, parseAni } from './ani-entry.js';
import { AniList } from './ani-list.js';
import { cellOf, lineOf, readCsv } from './csv-text.js';
import { DEFAULT_PLAN } from './numbers.js';
import { anyRule, ruleOf } from './rule.fixture.js';
import { readRulesCsv, writeRulesCsv } from './rules-csv.js';

const by = { by: 'ann', nowMs: 1_000 };
const errorsOf = (text: string, list = new AniList()): readonly string[] => {
  const imported = importAniCsv(list, text, by);
  return imported.ok ? [] : imported.error.map(({ line, field, message }) => `${line} ${field ?? ''}: ${message}`);
};

describe('cells', () => {
  it('reads whatever it wrote', () => {
    const names = ['a', 'b', 'c'];
    fc.assert(fc.property(fc.array(fc.tuple(fc.string(), fc.string(), fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', '\'', '=', '+', 'x') }))), (rows) => {
      const file = readCsv([names, ...rows].map(lineOf).join(''), names, names);
      expect(file).toEqual({ errors: [], rows: rows.map(([a, b, c]) => ({ line: expect.any(Number), cells: { a, b, c } })) });
    }));
  });

  it('are safe for spreadsheets', () => {
    expect(['=1+1', '+8150*', '\'=x', 'x=1', '@a'].map(cellOf)).toEqual(['\'=1+1', '\'+8150*', '\'\'=x', 'x=1', '\'@a']);
  });
});

describe('the ANI list', () => {
  it('imports columns in any order, with a byte order mark, quotes and empty lines', () => {
    const list = new AniList();
    const imported = importAniCsv(list, '\uFEFFnote,number,expires\r\n"a, ""b""",+8150*,2026-12-01T00:00:00Z\n\n,05012345678\r\n', { ...by, plan: { ...DEFAULT_PLAN, countryCode: '81' } });
    expect(imported).toEqual({ ok: true, value: [
      { number: '+8150*', note: 'a, "b"', expiresAtMs: Date.parse('2026-12-01T00:00Z'), addedBy: 'ann', addedAtMs: 1_000 },
      { number: '+815012345678', note: '', addedBy: 'ann', addedAtMs: 1_000 },
    ] });
    expect(list.size).toBe(2);
  });

  it('tells each bad line, and takes nothing', () => {
    const list = new AniList();
    list.add({ number: '7', note: '', addedBy: 'bob', addedAtMs: 0 }, 0);
    const text = 'number,expires,note\n1\n2 2\n3,soon\n"4\n4",\n5,,"two\nlines"\n1\n7\n8,,,x\n9\n';
    expect(errorsOf(text, list).map((each) => each.slice(0, 40))).toEqual([
      '3 number: must be digits with or without +, 17 at most,'.slice(0, 40), '4 expires: must be a date and time with its zone'.slice(0, 40),
      '5 number: must be digits with or without +, 17 at most,'.slice(0, 40), '7 note: must be a line of text of 200 characters'.slice(0, 40),
      '9 number: is in the list already, since 1970-01-01'.slice(0, 40), '10 number: is in the list already, since 1970-01-01'.slice(0, 40),
      '11 : has 4 cells, and not 3; put quotes around'.slice(0, 40),
    ]);
    expect([...list.entries()].map(({ number }) => number)).toEqual(['7']);
  });

  it.each([
    ['', '1 : must name the columns, "number" among them: number,expires,note'],
    ['+8150*\n', '1 : must name the columns, "number" among them: number,expires,note'],
    ['number,until\n1,2\n', '1 : names a column "until" that is not known; known are number,expires,note'],
    ['number,number\n', '1 : names the column "number" twice'],
    ['number\n"1\n', '2 : has a quote that does not end'],
    ['number\n1\n"1"2\n', '3 : has text after a quote that ends; put the whole cell in quotes'],
  ])('%j is refused: %s', (text, error) => {
    expect(errorsOf(text)).toEqual([error]);
  });

  const number = fc.oneof(fc.stringMatching(/^\+?\d{1,17}\*?$/), fc.constantFrom('1000-1999', '+81501000-+81501999', 'anonymous')).filter((text) => parseAni(text).ok);
  const entry: fc.Arbitrary<AniEntry> = fc.record({
    number, note: fc.string({ maxLength: 20 }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text)), addedBy: fc.constant('ann'), addedAtMs: fc.constant(1_000),
    expiresAtMs: fc.integer({ min: 2_000, max: 4e12 }),
  }, { requiredKeys: ['number', 'note', 'addedBy', 'addedAtMs'] });

  it('is the same after an export and an import', () => {
    fc.assert(fc.property(fc.uniqueArray(entry, { selector: (each) => each.number }), (entries) => {
      const list = new AniList();
      expect(importAniCsv(list, [...writeAniCsv(entries)].join(''), by)).toEqual({ ok: true, value: entries });
      const again = new AniList();
      importAniCsv(again, [...writeAniCsv(list.entries())].join(''), by);
      expect([...again.entries()]).toEqual([...list.entries()]);
    }));
  });
});

describe('rules', () => {
  it('are the same after an export and an import', () => {
    fc.assert(fc.property(fc.uniqueArray(anyRule, { selector: ({ id }) => id, maxLength: 5 }), (rules) => {
      const read = readRulesCsv([...writeRulesCsv(rules)].join(''));
      const inputs = rules.map(({ id, createdBy: _by, createdAtMs: _at, changedBy: _changed, changedAtMs: _changedAt, ...input }, index) => ({ line: index + 2, id, input }));
      expect(read).toEqual({ ok: true, value: inputs });
    }));
  });

  it('may leave out what has a default', () => {
    const read = readRulesCsv('dnis,type,limit,weekly,timeZone,queues\n5000,waiting,7,mon tue 22:00-06:00; sat 00:00-24:00,Asia/Tokyo,q\\;1;q2\n');
    expect(read.ok && read.value[0]).toMatchObject({ line: 2, input: {
      dnis: '5000', type: 'waiting', limit: 7, queues: ['q;1', 'q2'], answer: { status: 486 },
      schedule: { timeZone: 'Asia/Tokyo', weekly: [{ days: ['mon', 'tue'], from: '22:00', to: '06:00' }, { days: ['sat'], from: '00:00', to: '24:00' }] },
    } });
  });

  it('tell each bad line', () => {
    const read = readRulesCsv('id,dnis,type,limit,enabled,weekly,timeZone,status\na,5000,concurrent,five,yes,,,\nb,5001,concurrent,5,true,mon 9-10,UTC,404\na,5002,concurrent\n,,x\n');
    expect(read.ok ? [] : read.error.map(({ line, field }) => `${line} ${field}`)).toEqual([
      '2 enabled', '2 limit', '3 weekly', '3 weekly', '3 status', '4 id', '5 dnis', '5 type',
    ]);
  });

  it('has every column of the rule', () => {
    expect([...writeRulesCsv([ruleOf({ id: 'x', dnis: '+81312345678' })])]).toEqual([
      'id,description,dnis,division,enabled,shadow,type,limit,queues,combine,dnisAlso,timeZone,start,end,weekly,status,reason,retryAfterS,to,withoutStore\r\n',
      'x,,\'+81312345678,,true,false,concurrent,1,,sum,,,,,,486,,,,\r\n',
    ]);
  });
});
