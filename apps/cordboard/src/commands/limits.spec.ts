import { jest } from '@jest/globals';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runLimits } from './limits.js';
import { ruleFields } from './limits-words.js';

describe('words of a rule', () => {
  it('are fields, with schedule and answer as parts', () => {
    expect(ruleFields(['dnis=+8131', 'type=waiting', 'limit=5', 'queues=a, b', 'shadow=on', 'enabled=false', 'description=a=b'])).toEqual({
      dnis: '+8131', type: 'waiting', limit: 5, queues: ['a', 'b'], shadow: true, enabled: false, description: 'a=b',
    });
    expect(ruleFields(['timeZone=UTC', 'weekly=mon,tue 09:00-17:00; sat 22:00-06:00', 'status=503', 'retryAfterS=20'])).toEqual({
      schedule: { timeZone: 'UTC', weekly: [{ days: ['mon', 'tue'], from: '09:00', to: '17:00' }, { days: ['sat'], from: '22:00', to: '06:00' }] },
      answer: { status: 503, retryAfterS: 20 },
    });
    expect(ruleFields(['schedule=', 'to=', 'limit=many'])).toEqual({ schedule: null, answer: { to: null }, limit: 'many' });
  });

  it.each([['colour=red', 'a rule has no "colour"'], ['limit', '"limit" is no key=value'], ['schedule=x', 'a rule has no "schedule"']])('refuse %s', (word, message) => {
    expect(() => ruleFields([word])).toThrow(message);
  });
});

describe('cordboard limits', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: object | string };
  let asked: { method: string; path: string; body: string; headers: Record<string, unknown> }[];
  let printed: string[];

  beforeAll(async () => {
    server = createServer((request, reply) => {
      let body = '';
      request.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      request.on('end', () => {
        asked.push({ method: request.method ?? '', path: decodeURIComponent(request.url ?? '').replace('/api/v1/limits/', ''), body, headers: request.headers });
        reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    [asked, printed, answer] = [[], [], { status: 200, body: {} }];
    for (const stream of ['log', 'error'] as const) jest.spyOn(console, stream).mockImplementation((text: unknown) => { printed.push(`${stream === 'error' ? '! ' : ''}${String(text)}`); });
  });
  afterEach(() => jest.restoreAllMocks());

  const run = (...words: string[]) => runLimits([...words, '--url', url]);
  const file = (text: string): string => {
    const path = join(mkdtempSync(join(tmpdir(), 'limits-')), 'file');
    writeFileSync(path, text);
    return path;
  };

  it.each([
    [['mode'], 'GET', 'mode', ''],
    [['mode', 'dnis'], 'PUT', 'mode', '{"mode":"dnis"}'],
    [['show', 'r 1'], 'GET', 'rules/r 1', ''],
    [['add', 'dnis=5000', 'type=concurrent'], 'POST', 'rules', '{"dnis":"5000","type":"concurrent"}'],
    [['add', 'night', 'dnis=5000'], 'PUT', 'rules/night', '{"dnis":"5000"}'],
    [['set', 'night', 'limit=6'], 'PATCH', 'rules/night', '{"limit":6}'],
    [['enable', 'night'], 'PATCH', 'rules/night', '{"enabled":true}'],
    [['disable', 'night'], 'PATCH', 'rules/night', '{"enabled":false}'],
    [['shadow', 'night', 'off'], 'PATCH', 'rules/night', '{"shadow":false}'],
    [['remove', 'night'], 'DELETE', 'rules/night', ''],
    [['ani', 'add', '+8150*', 'note=a b'], 'POST', 'ani', '{"number":"+8150*","note":"a b"}'],
    [['ani', 'remove', '+8150*'], 'DELETE', 'ani/+8150*', ''],
    [['ani', 'import', file('number\n1\n')], 'POST', 'ani.csv', 'number\n1\n'],
    [['import', file('dnis,type\n')], 'POST', 'rules.csv', 'dnis,type\n'],
    [['restore', file('{"kind":"x"}')], 'POST', 'restore', '{"kind":"x"}'],
  ])('%j', async (words, method, path, body) => {
    expect(await run(...words)).toBe(0);
    expect(asked).toMatchObject([{ method, path, body }]);
  });

  it('shows lists as a table, and says that there is more', async () => {
    answer.body = { rules: [{ id: 'r1', dnis: '5000', type: 'waiting', limit: 5, queues: ['a', 'b'], active: true, enabled: true, shadow: false }], next: 'r1' };
    await run('list', 'dnis=5000', '--limit', '1');
    expect(asked[0]?.path).toBe('rules?dnis=5000&limit=1');
    expect(printed.join('\n')).toMatch(/^ID +DNIS +TYPE.*\nr1 +5000 +waiting +5 +a,b +true.*\nthere is more: --after r1$/);
    answer.body = { usage: [], next: undefined };
    await run('usage', 'r1');
    expect([asked[1]?.path, printed.at(-1)]).toEqual(['usage?rule=r1', 'no rule']);
    answer.body = { entries: [], count: 5 };
    await run('ani', 'list', '+81');
    expect(printed.at(-1)).toBe('+81 is not blocked');
    await run('ani', 'list', '--json');
    expect(JSON.parse(printed.at(-1)!)).toEqual({ entries: [], count: 5 });
  });

  it('gives version and key along, and names proxies that are late', async () => {
    answer = { status: 202, body: { id: 'r1', notInForce: ['P1', 'P2'] } };
    await run('set', 'r1', 'limit=6', '--if-match', '77', '--api-key', 'secret');
    expect(asked[0]?.headers).toMatchObject({ 'if-match': '"77"', authorization: 'Bearer secret' });
    expect(printed).toEqual(['rule r1 is in force as changed', '! not known to be in force yet, for they did not answer within 2 s: P1, P2']);
  });

  it('says each mistake in a sentence', async () => {
    answer = { status: 400, body: { message: 'm', errors: [{ field: 'limit', message: 'must be a whole number' }, { field: '', message: 'all is wrong' }] } };
    await expect(run('set', 'r1', 'limit=x')).rejects.toThrow('limit must be a whole number\nall is wrong');
    answer = { status: 404, body: { message: 'there is no rule r1' } };
    await expect(run('show', 'r1')).rejects.toThrow('there is no rule r1');
    await expect(run('sow')).rejects.toThrow('limits cannot "sow"; it can: mode, list,');
    await expect(run('ani', 'lst')).rejects.toThrow('limits cannot "ani lst"; it can: ani list, ani add');
    await expect(run('show')).rejects.toThrow('say which rule');
    await expect(run('shadow', 'r1')).rejects.toThrow('say on or off');
    await expect(run('restore', '/no/such/file')).rejects.toThrow('name a file that can be read');
    await expect(runLimits(['mode', '--url', 'http://127.0.0.1:1'])).rejects.toThrow('no console answers');
  });
});
