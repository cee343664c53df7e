import { jest } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { argumentsIn, rowsOf, runAsk } from './ask.js';
import { table } from './table.js';
import { COMMANDS, commandLines, namedWords, understand } from './catalogue.js';

const problem = (...words: string[]): unknown => {
  const understood = understand(words);
  return understood.kind === 'problem' ? understood.message : understood.command.name;
};

describe('words', () => {
  it.each([
    [['dn', 'list'], 'dn list'], [['dns'], 'dns records'], [['router'], 'router show'], [['vq'], 'vq list'],
    [['dn', 'lst'], 'dn cannot "lst": list, show'], [['calls'], 'say what to do with calls: list, show, clear'],
    [['callz', 'list'], expect.stringMatching(/^there is no "callz"; there are: agents, bans, calls, destinations, dn, dns, .* and status, commands, history, limits, check, drill, tlib$/)],
  ])('%j', (words, expected) => expect(problem(...words)).toEqual(expected));

  it('stand for arguments in the order of the help', () => {
    const show = COMMANDS.find(({ name }) => name === 'registrations remove')!;
    expect(namedWords(show, ['7001'])).toEqual({ aor: '7001' });
    expect(namedWords(show, ['7001', 'sip:x'])).toEqual({ aor: '7001', contact: 'sip:x' });
    expect(() => namedWords(show, ['a', 'b', 'c'])).toThrow('does not know what to do with "c"');
  });

  it('with = are arguments, too', () => {
    expect(argumentsIn(['dn', 'show', 'dn=7001', 'all=true', 'x=a=b'])).toEqual({ dn: '7001', all: true, x: 'a=b' });
  });
});

describe('answers', () => {
  it.each([
    ['one list', { calls: [{ connID: 'a' }] }, undefined, [{ instance: 'I', connID: 'a' }]],
    ['a list with its count', { count: 1, registrations: [{ aor: '7001' }] }, undefined, [{ instance: 'I', aor: '7001' }]],
    ['a list of names', { grants: ['x'] }, undefined, [{ instance: 'I', value: 'x' }]],
    ['no list', { waiting: 1, connected: ['S1'] }, undefined, [{ instance: 'I', waiting: 1, connected: ['S1'] }]],
    ['lists in a list', { zones: [{ apex: 'z', records: [{ name: 'a' }, { name: 'b' }] }] }, 'records', [{ instance: 'I', name: 'a' }, { instance: 'I', name: 'b' }]],
    ['an empty list', { calls: [] }, undefined, []],
  ])('with %s', (_name, result, list, rows) => expect(rowsOf({ instance: 'I', result }, list)).toEqual(rows));
});

it('a table shows moments as such, and numbers without noise', () => {
  expect(table([{ sinceMs: 1_795_645_803_329.4941, latencyMs: 0.45678912 }])).toBe('SINCEMS              LATENCYMS\n2026-11-25 22:30:03  0.457');
});

describe('the command', () => {
  let server: Server;
  let url: string;
  const asked: { path: string; body: string }[] = [];
  const printed: string[] = [];

  beforeAll(async () => {
    server = createServer((request, reply) => {
      let body = '';
      request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      request.on('end', () => {
        asked.push({ path: decodeURIComponent(request.url ?? ''), body });
        const answers = body.includes('"wrong"') ? [{ instance: 'I', failed: 'no such DN' }] : [{ instance: 'I', result: { calls: [] } }];
        reply.setHeader('content-type', 'application/json').end(JSON.stringify({ answers, instances: [], commands: {} }));
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    jest.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
    jest.spyOn(console, 'error').mockImplementation((text: string) => void printed.push(text));
  });
  afterAll(() => {
    jest.restoreAllMocks();
    server.close();
  });
  beforeEach(() => void printed.splice(0));

  it('asks what was typed, and says so when a list is empty', async () => {
    expect(await runAsk(['calls', 'list', '--url', url])).toBe(0);
    expect(asked.at(-1)).toEqual({ path: '/api/v1/commands/calls list', body: '{"args":{}}' });
    expect(printed).toEqual(['no call lives']);
  });

  it('answers JSON', async () => {
    expect(await runAsk(['calls', 'list', '--url', url, '--json'])).toBe(0);
    expect(JSON.parse(printed[0]!)).toEqual([{ instance: 'I', result: { calls: [] } }]);
    expect(await runAsk(['status', '--url', url, '--json'])).toBe(0);
    expect(printed[1]).toBe('[]');
  });

  it('exits with 1 when an instance says no', async () => {
    expect(await runAsk(['dn', 'show', 'wrong', '--url', url])).toBe(1);
    expect(asked.at(-1)?.body).toBe('{"args":{"dn":"wrong"}}');
    expect(printed).toEqual(['I: no such DN']);
  });

  it('has help for every command, asking nobody', async () => {
    const before = asked.length;
    for (const { name, what } of COMMANDS) {
      expect(await runAsk([...name.split(' '), '--help'])).toBe(0);
      expect(printed.at(-1)).toContain(what);
    }
    for (const words of [['calls'], ['dns'], ['status'], ['commands']]) expect(await runAsk([...words, '--help'])).toBe(0);
    expect(printed.at(-4)).toContain('calls clear CONNID');
    expect(asked).toHaveLength(before);
    expect(commandLines()).toHaveLength(COMMANDS.length);
  });

  it('says when nobody answers', async () => {
    await expect(runAsk(['status', '--url', 'http://127.0.0.1:1'])).rejects.toThrow('no console answers at http://127.0.0.1:1; is the cluster running?');
  });
});
