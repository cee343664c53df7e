import { parseSlots, type Rule, SLOTS_HEADER } from '#limits';
import type { Endpoint, Received, Sent } from './fixtures/endpoint.fixture.js';
import { ACCESS_POINT, P1, P2, ProxyWorld, type RunningProxy } from './fixtures/proxy-world.fixture.js';

const TRUNKS = `
  - { number: Trunk, type: Trunk, options: { contact: "sip:198.51.100.1:5060", country-code: 81 } }
`;
const CALLED = `sip:5000@${ACCESS_POINT}`;

describe('call limits', () => {
  let stand: ProxyWorld;
  let p1: RunningProxy;
  let s1: Endpoint;
  let carrier: Endpoint;

  const begin = async (options = ''): Promise<void> => {
    stand = new ProxyWorld('', { dns: TRUNKS, options });
    p1 = await stand.proxy('p1');
    s1 = await stand.server('s1');
    carrier = await stand.endpoint('carrier', { host: '198.51.100.1', port: 5060 });
  };
  beforeEach(() => begin());
  afterEach(() => stand.world.close());

  const final = ({ responses }: Sent): string => {
    const last = responses.at(-1);
    return last === undefined || last.status < 200 ? '' : `${last.status} ${last.reason}`;
  };
  const call = async (dnis = '5000', ani = '+815012345678'): Promise<Sent> => {
    const sent = carrier.send('INVITE', `sip:${dnis}@${ACCESS_POINT}`, P1, [], ani);
    await stand.settle();
    return sent;
  };
  const calls = async (count: number): Promise<Sent[]> => {
    const sent: Sent[] = [];
    for (let i = 0; i < count; i += 1) sent.push(await call());
    return sent;
  };
  const arrived = (): Received[] => s1.inbox.filter(({ request }) => request.method === 'INVITE');
  const used = async (counter = 'dnis:5000'): Promise<number> => (await stand.limiter.usage([counter]))[0] ?? -1;
  const slotOf = ({ request }: Received): string | undefined => parseSlots(request.header(SLOTS_HEADER) ?? '')?.id;
  const five: Partial<Rule> = { id: 'five', type: 'concurrent', limit: 5 };

  describe.each(['answers later', 'is in the process'])('of concurrent calls, where the store %s', (where) => {
    beforeEach(() => {
      if (where === 'is in the process') stand.limiter.beLocal();
    });

    it('let in as many, refuse one more, and let one in again when one is over', async () => {
      stand.rules.put(five);
      const sent = await calls(6);
      expect(sent.map(final)).toEqual(['', '', '', '', '', '486 CLM:Calls limit exceeded']);
      expect(arrived()).toHaveLength(5);
      s1.answer(s1.next('INVITE'), 480);
      await stand.settle();
      expect(await used()).toBe(4);
      expect(final(await call())).toBe('');
      expect(final(await call())).toBe('486 CLM:Calls limit exceeded');
    });

    it('of 0 let nobody in', async () => {
      stand.rules.put({ ...five, limit: 0 });
      expect(final(await call())).toBe('486 CLM:Calls limit exceeded');
      expect(await used()).toBe(0);
      expect(final(await call('5001'))).toBe('');
    });

    it('hold over all proxies', async () => {
      await stand.proxy('p2');
      stand.rules.put({ ...five, limit: 1 });
      await call();
      const second = carrier.send('INVITE', CALLED, P2);
      await stand.settle();
      expect(final(second)).toBe('486 CLM:Calls limit exceeded');
    });

    it('keep the slot of an answered call for the session controller that has it', async () => {
      stand.rules.put({ ...five, limit: 1 });
      await call();
      s1.answer(s1.next('INVITE'), 200);
      await stand.settle();
      expect(await used()).toBe(1);
    });

    it('free the slot when the caller gives up, and when no server is there', async () => {
      stand.rules.put(five);
      const sent = await call();
      s1.answer(arrived()[0]!, 180);
      await stand.settle();
      sent.client.cancel();
      await stand.settle();
      s1.answer(s1.next('INVITE'), 487);
      await stand.settle();
      expect([final(sent), await used()]).toEqual(['487 Request Terminated', 0]);
      p1.core.removeServer('s1');
      expect(final(await call())).toBe('503 Service Unavailable');
      expect(await used()).toBe(0);
    });

    it('count the same INVITE by another way once', async () => {
      stand.rules.put({ ...five, limit: 1 });
      const sent = await call();
      const again = carrier.sendRequest(sent.request, P1);
      await stand.settle();
      expect(arrived()).toHaveLength(2);
      expect([await used(), final(again)]).toEqual([1, '']);
      s1.answer(s1.next('INVITE'), 482);
      await stand.settle();
      expect(await used()).toBe(1);
      s1.answer(s1.next('INVITE'), 486);
      await stand.settle();
      expect(await used()).toBe(0);
    });
  });

  describe('ask for nothing but new calls of trunks', () => {
    it('what goes on within a dialog passes', async () => {
      const sent = await call();
      s1.answer(s1.next('INVITE'), 200);
      await stand.settle();
      stand.rules.mode('all-busy');
      const dialog = carrier.dialogOf(sent);
      for (const method of ['INVITE', 'UPDATE', 'BYE']) {
        const within = carrier.inDialog(dialog, method, P1);
        await stand.settle();
        s1.answer(s1.next(method), 200);
        await stand.settle();
        expect(final(within)).toBe('200 OK');
      }
      expect(final(await call())).toBe('486 CLM:All Busy');
    });

    it('calls of phones and of session controllers pass, those of strangers are the session controller\'s', async () => {
      stand.rules.mode('all-busy');
      const phone = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060 });
      const stranger = await stand.endpoint('stranger', { host: '203.0.113.9', port: 5060 });
      for (const from of [phone, stranger]) from.send('INVITE', CALLED, P1);
      await stand.settle();
      expect(arrived()).toHaveLength(2);
      expect(arrived().map(slotOf)).toEqual([undefined, undefined]);
      const out = s1.send('INVITE', 'sip:1@198.51.100.1:5060', P1);
      await stand.settle();
      expect(final(out)).toBe('');
      expect(carrier.next('INVITE').request.uri).toBe('sip:1@198.51.100.1:5060');
    });

    it('a name of a server in the Request-URI opens no way past them', async () => {
      stand.rules.mode('all-busy');
      const sent = carrier.send('INVITE', `sip:n1@${ACCESS_POINT}`, P1);
      await stand.settle();
      expect(final(sent)).toBe('486 CLM:All Busy');
      stand.rules.mode('dnis');
      const known = carrier.send('INVITE', `sip:n1@${ACCESS_POINT}`, P1);
      const unknown = carrier.send('INVITE', `sip:n9@${ACCESS_POINT}`, P1);
      await stand.settle();
      expect([final(known), final(unknown)]).toEqual(['', '481 Call/Transaction Does Not Exist']);
      expect(slotOf(arrived()[0]!)).toBeDefined();
      expect(await used('dnis:n9')).toBe(0);
    });

    it('a draining proxy refuses before anything is counted', async () => {
      p1.core.drain(() => {});
      expect(final(await call())).toBe('503 Service Unavailable');
      expect(await used()).toBe(0);
    });
  });

  it('blocked callers are refused in every mode, however their trunk writes the number', async () => {
    stand.rules.mode('unlimited');
    stand.rules.block('+815012345678');
    expect(final(await call('5000', '05012345678'))).toBe('486 CLM:ANI Blocked');
    expect(final(await call('5000', '05012345679'))).toBe('');
  });

  it('a refusal leaves no slot at any other rule', async () => {
    stand.rules.put({ ...five, limit: 5 }, { id: 'busy', type: 'concurrent-sum', dnisAlso: ['5001'], limit: 1 });
    await call('5001');
    expect(final(await call())).toBe('486 CLM:ConcurrentCallsSUM limit exceeded');
    expect([await used(), await used('dnis:5001')]).toEqual([0, 1]);
  });

  it('of two windows that adjoin the second holds from its second on', async () => {
    const at = (ms: number): string => new Date(stand.world.clock.nowMs() + ms).toISOString().slice(0, 19);
    const turnMs = 10_000;
    stand.rules.put(
      { id: 'before', type: 'all-busy', schedule: { timeZone: 'UTC', end: at(turnMs) } },
      { id: 'after', ...five, limit: 1, schedule: { timeZone: 'UTC', start: at(turnMs) } },
    );
    const turn = Date.parse(`${at(turnMs)}Z`);
    await stand.world.advance(turn - stand.world.clock.nowMs() - 150);
    expect(final(await call())).toBe('486 CLM:DNIS All Busy');
    await stand.world.advance(turn - stand.world.clock.nowMs());
    expect(final(await call())).toBe('');
    expect(final(await call())).toBe('486 CLM:Calls limit exceeded');
  });

  describe('answer as the rule says', () => {
    it.each<[Rule['answer'], string, Record<string, string>]>([
      [{ status: 486, reason: 'Später bitte' }, '486 SpÃ¤ter bitte', {}],
      [{ status: 503, retryAfterS: 60 }, '503 CLM:DNIS All Busy', { 'Retry-After': '60' }],
      [{ status: 603 }, '603 CLM:DNIS All Busy', {}],
      [{ status: 302, to: '+81312345678' }, '302 CLM:DNIS All Busy', { Contact: `<sip:+81312345678@${ACCESS_POINT}>` }],
      [{ status: 302, to: 'sip:desk@example.com;transport=tcp' }, '302 CLM:DNIS All Busy', { Contact: '<sip:desk@example.com;transport=tcp>' }],
    ])('%j', async (answer, line, headers) => {
      stand.rules.put({ type: 'all-busy', answer });
      const sent = await call();
      expect(final(sent)).toBe(line);
      for (const [name, value] of Object.entries(headers)) expect(sent.responses.at(-1)?.header(name)).toBe(value);
      expect(sent.responses.at(-1)?.to.tag).toBeDefined();
    });
  });

  describe('a verdict that takes a while', () => {
    let pass: () => void;

    beforeEach(() => {
      stand.rules.put({ ...five, limit: 1 });
      stand.limiter.gate = new Promise((resolve) => { pass = resolve; });
    });

    it('is asked once for an INVITE that is sent again, which hears 100', async () => {
      const sent = await call();
      await stand.world.advance(3_000);
      expect(sent.responses.map(({ status }) => status)).toContain(100);
      pass();
      await stand.settle();
      expect(arrived()).toHaveLength(1);
      expect(await used()).toBe(1);
    });

    it('ends with 487 and without a slot when the caller gives up meanwhile', async () => {
      const sent = await call();
      await stand.world.advance(300);
      sent.client.cancel();
      await stand.settle();
      pass();
      await stand.settle();
      expect(final(sent)).toBe('487 Request Terminated');
      expect([arrived().length, await used()]).toEqual([0, 0]);
    });

    it('that comes to a refusal after a CANCEL is 487 too', async () => {
      stand.rules.put({ ...five, limit: 0 });
      const sent = await call();
      await stand.world.advance(300);
      sent.client.cancel();
      await stand.settle();
      pass();
      await stand.settle();
      expect(final(sent)).toBe('487 Request Terminated');
    });
  });

  describe('while the store is away', () => {
    const away = async (policy: string): Promise<void> => {
      await stand.world.close();
      await begin(`limiter-without-store: ${policy}`);
      stand.rules.put({ ...five, limit: 4 });
    };

    it('open lets in, and claims the slots when the store is back', async () => {
      await away('open');
      stand.limiter.away = true;
      expect((await calls(6)).map(final)).toEqual(Array(6).fill(''));
      s1.answer(s1.next('INVITE'), 486);
      await stand.settle();
      stand.limiter.back();
      await stand.settle();
      expect(await used()).toBe(5);
      expect(p1.meter.count('limits_without_store_total', { policy: 'open' })).toBe(6);
      expect(final(await call())).toBe('486 CLM:Calls limit exceeded');
    });

    it('closed refuses where something would be counted, and nowhere else', async () => {
      await away('closed');
      stand.limiter.away = true;
      const sent = await call();
      expect(final(sent)).toBe('503 CLM:Limits unavailable');
      expect(sent.responses.at(-1)?.header('Retry-After')).toBe('10');
      expect(final(await call('5001'))).toBe('');
      stand.rules.put({ ...five, shadow: true });
      expect(final(await call())).toBe('');
    });

    it('a rule says otherwise than the option', async () => {
      await away('closed');
      stand.rules.put({ ...five, withoutStore: 'open' });
      stand.limiter.away = true;
      expect(final(await call())).toBe('');
    });

    it('share counts this proxy\'s calls against its part, those from before too', async () => {
      // Of three proxies the first has 2 of 4.
      await away('share');
      await call();
      stand.limiter.away = true;
      expect((await calls(2)).map(final)).toEqual(['', '486 CLM:Calls limit exceeded']);
      s1.answer(s1.next('INVITE'), 486);
      await stand.settle();
      expect(final(await call())).toBe('');
      expect(final(await call())).toBe('486 CLM:Calls limit exceeded');
    });

    it('share counts nothing beside a store of the same process', async () => {
      await away('share');
      await call();
      stand.limiter.beLocal();
      await call();
      expect(p1.meter.value('limits_share_calls')).toBe(1);
    });

    it.each(['carrier', 's1'])('share frees what %s ends', async (who) => {
      await away('share');
      stand.limiter.away = true;
      const [sent] = await calls(2) as [Sent, Sent];
      const dialog = s1.answer(s1.next('INVITE'), 200);
      await stand.settle();
      if (who === 's1') s1.inDialog(dialog, 'BYE', P1); else carrier.inDialog(carrier.dialogOf(sent), 'BYE', P1);
      await stand.settle();
      expect(final(await call())).toBe('');
      expect(final(await call())).toBe('486 CLM:Calls limit exceeded');
    });

    it('what is too much to wait for the store has the policy too', async () => {
      await away('closed');
      stand.pendingMax = 2;
      const p2 = await stand.proxy('p2');
      let pass = (): void => {};
      stand.limiter.gate = new Promise((resolve) => { pass = resolve; });
      const sent = [1, 2, 3].map(() => carrier.send('INVITE', CALLED, P2));
      await stand.settle();
      expect(p2.meter.value('limits_verdicts_pending')).toBe(2);
      pass();
      await stand.settle();
      expect(sent.map(final).sort()).toEqual(['', '', '503 CLM:Limits unavailable']);
      expect(p2.meter.count('limits_verdicts_overflowed_total')).toBe(1);
    });

    it('share knows no figures of queues', async () => {
      await away('share');
      stand.rules.remove('five');
      stand.rules.put({ id: 'queue', type: 'waiting', queues: ['5000'], limit: 0 });
      expect(final(await call())).toBe('486 CLM:Calls limit exceeded');
      stand.limiter.away = true;
      expect(final(await call())).toBe('');
    });
  });

  it('a store that lost everything hears again of calls on their way', async () => {
    stand.rules.put({ ...five, limit: 1 });
    await call();
    await stand.limiter.release([slotOf(arrived()[0]!) ?? '']);
    await stand.world.advance(31_000);
    stand.limiter.back();
    await stand.settle();
    expect(await used()).toBe(1);
    expect(stand.limiter.asked.at(-1)).toBe(`hold ${slotOf(arrived()[0]!)}`);
  });

  it('a header from outside is stripped, whatever its case', async () => {
    const sent = carrier.send('INVITE', CALLED, P1, [['x-cordboard-SLOTS', 'forged dnis:5001'], ['X-Cordboard-Slots', 'forged2 dnis:5001']]);
    await stand.settle();
    const [got] = arrived();
    expect(got?.request.headers(SLOTS_HEADER)).toHaveLength(1);
    expect(parseSlots(got?.request.header(SLOTS_HEADER) ?? '')).toEqual({ id: expect.not.stringContaining('forged'), takes: [{ counter: 'dnis:5000' }] });
    expect(final(sent)).toBe('');
    const phone = await stand.endpoint('7001', { host: '192.0.2.7', port: 5060 });
    phone.send('INVITE', CALLED, P1, [['X-Cordboard-Slots', 'forged dnis:5001']]);
    await stand.settle();
    expect(slotOf(arrived()[1]!)).toBeUndefined();
  });

  it('a shadow counts what the same rule refuses when it is enforced, under the same calls', async () => {
    const script = async (shadow: boolean): Promise<number> => {
      await stand.world.close();
      await begin();
      stand.rules.put({ ...five, limit: 2, shadow });
      let seed = 7;
      for (let i = 0; i < 40; i += 1) {
        seed = (seed * 48_271) % 2_147_483_647;
        await call();
        // A call of those that a limit lets in ends: a ghost goes on, and must not count.
        const real = arrived().filter(({ request }) => !(request.header(SLOTS_HEADER) ?? '').includes('ghosts:'));
        if (seed % 3 !== 0 || real.length === 0) continue;
        const over = real[0]!;
        s1.inbox.splice(s1.inbox.indexOf(over), 1);
        s1.answer(over, 486);
        await stand.settle();
      }
      return p1.meter.count('limits_refused_total', { rule: 'five' });
    };
    const enforced = await script(false);
    expect(enforced).toBeGreaterThan(5);
    expect(await script(true)).toBe(enforced);
    expect(p1.meter.count('limits_shadow_refused_total')).toBe(enforced);
    expect(p1.meter.count('limits_verdicts_total', { outcome: 'refused' })).toBe(0);
  });

  it('metrics of a rule show its figure and limit until the rule is gone', async () => {
    stand.rules.put({ ...five, limit: 2 });
    await calls(3);
    await stand.world.advance(5_000);
    expect([p1.meter.value('limits_in_use', { rule: 'five' }), p1.meter.value('limits_limit', { rule: 'five' })]).toEqual([2, 2]);
    expect(p1.meter.count('limits_refused_total', { rule: 'five' })).toBe(1);
    expect(p1.meter.count('limits_verdicts_total', { outcome: 'passed' })).toBe(2);
    expect(p1.meter.count('limits_verdict_seconds_bucket', { le: '+Inf' })).toBe(3);
    expect(p1.core.limiter?.metrics.figures).toEqual([{ rule: 'five', dnis: '5000', type: 'concurrent', shadow: false, limit: 2, inUse: 2 }]);
    stand.rules.remove('five');
    expect(p1.meter.value('limits_in_use', { rule: 'five' })).toBeUndefined();
    expect(p1.meter.counts.has('limits_refused_total{rule=five}')).toBe(false);
  });

  it('each verdict is told with what it was about', async () => {
    stand.rules.put({ ...five, limit: 1, division: 'east', withoutStore: 'closed' }, { id: 'watch', dnis: '5001', limit: 0, shadow: true });
    await call('5000', '05012345678');
    await call('5000', 'anonymous');
    await call('5001');
    await call('x'.repeat(1_000));
    stand.limiter.away = true;
    await call();
    expect(stand.verdicts).toMatchObject([
      { verdict: 'passed', dnis: '5000', ani: '05012345678', aniForms: ['+815012345678', '05012345678'], trunk: 'Trunk', sipCode: 0, reason: '', rules: [], division: 'east' },
      { verdict: 'refused', ani: 'anonymous', sipCode: 486, reason: 'CLM:Calls limit exceeded', rules: ['five'], division: 'east', proxy: 'p1', dataCentre: 'dc1' },
      { verdict: 'shadow-refused', dnis: '5001', sipCode: 0, rules: ['watch'], withoutStore: '' },
      { verdict: 'passed', dnis: 'x'.repeat(200) },
      { verdict: 'refused', sipCode: 503, rules: [], division: 'east', withoutStore: 'closed' },
    ]);
    expect(new Set(stand.verdicts.map(({ id }) => id)).size).toBe(5);
    expect(stand.verdicts[0]?.callId).toBe('carrier-1');
  });

  it('a call that a session controller tells of is released by nobody else', async () => {
    stand.rules.put({ ...five, limit: 1 });
    await call();
    const was = slotOf(arrived()[0]!) ?? '';
    await stand.limiter.hold([{ id: 'conn', by: 'session-controller/s1', takes: [{ counter: 'dnis:5000' }], was }], 30_000);
    s1.answer(s1.next('INVITE'), 486);
    await stand.settle();
    expect(await used()).toBe(1);
  });
});
