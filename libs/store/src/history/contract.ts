/** What every `HistoryStore` promises. Each driver's spec runs it. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { APPEND_MAX, type HistoryQuery, type HistoryStore, HistoryUnavailable, RANGE_MS_MAX } from './port.js';
import type { AgentSessionData, CallData, HistoryKind, HistoryRecord } from './records.js';

export interface HistoryStand {
  readonly store: HistoryStore;
  /** Makes the store unreachable, and reachable again; absent where that cannot be done. */
  readonly outage?: { begin(): Promise<void>; end(): Promise<void> };
  close(): Promise<void>;
}

/** 2026-01-01T00:00:00Z. */
const DAY = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

const callData = (more: Partial<CallData> = {}): CallData => ({
  callUUID: 'U', callID: 1, callType: 'Inbound', ani: '8880001', dnis: '5000', node: 'SIPS_dc1_1', endedAtMs: DAY + 60_000, complete: true,
  parties: 2, userData: {}, ...more,
});

export function call(key: string, atMs: number, more: Partial<HistoryRecord<'call'>> = {}): HistoryRecord<'call'> {
  return { kind: 'call', key, atMs, version: 1, connID: `conn-${key}`, dns: ['5000', '7001'], agents: [], data: callData({ callUUID: key }), ...more };
}

function session(key: string, atMs: number, agentID: string, dn: string, more: Partial<AgentSessionData> = {}): HistoryRecord<'agentSession'> {
  return { kind: 'agentSession', key, atMs, version: 1, dns: [dn], agents: [agentID], data: { agentID, dn, node: 'SIPS_dc1_1', ...more } };
}

export interface Retention {
  readonly retentionMs: number;
  readonly nowMs: () => number;
}

/** @param startKeeping with a retention; absent where there is none */
export function historyStoreContract(
  name: string, start: () => Promise<HistoryStand>, startKeeping?: (retention: Retention) => Promise<HistoryStand>,
): void {
  describe(`${name} keeps the history store contract`, () => {
    let stand: HistoryStand;
    let store: HistoryStore;

    beforeEach(async () => {
      stand = await start();
      ({ store } = stand);
    });
    afterEach(() => stand.close());

    const day = { fromMs: DAY, toMs: DAY + 24 * HOUR_MS, limit: 100 };
    const keys = async (query: Partial<HistoryQuery> = {}): Promise<string[]> =>
      (await store.query({ kind: 'call', ...day, ...query })).records.map(({ key }) => key);

    it('answers what was appended, whole', async () => {
      const record = call('A', DAY + 5, { data: callData({ callUUID: 'A', userData: { customer: 'Ünal "7"', empty: '' } }) });
      await store.append([record]);
      expect((await store.query({ kind: 'call', ...day })).records).toEqual([record]);
    });

    it('keeps kinds apart', async () => {
      await store.append([call('A', DAY), session('A', DAY, 'agent1', '7001')]);
      expect((await store.query({ kind: 'call', ...day })).records).toHaveLength(1);
      expect((await store.query({ kind: 'agentSession', ...day })).records).toMatchObject([{ kind: 'agentSession', data: { agentID: 'agent1' } }]);
      expect((await store.query({ kind: 'cdr', ...day })).records).toEqual([]);
    });

    it('answers the latest first, from included, to excluded', async () => {
      await store.append([call('early', DAY - 1), call('first', DAY), call('last', DAY + 24 * HOUR_MS - 1), call('late', DAY + 24 * HOUR_MS)]);
      expect(await keys()).toEqual(['last', 'first']);
    });

    it('spans days', async () => {
      await store.append([call('a', DAY - 50 * HOUR_MS), call('b', DAY - 2 * HOUR_MS), call('c', DAY + HOUR_MS)]);
      expect(await keys({ fromMs: DAY - 60 * HOUR_MS })).toEqual(['c', 'b', 'a']);
      expect(await keys({ fromMs: DAY - 60 * HOUR_MS, dn: '7001', limit: 2 })).toEqual(['c', 'b']);
    });

    it.each<[string, Partial<HistoryQuery>, string[]]>([
      ['dn', { dn: '7002' }, ['b']],
      ['agent', { agent: 'agent1' }, ['c', 'a']],
      ['connID', { connID: 'conn-b' }, ['b']],
      ['dn and agent', { dn: '7001', agent: 'agent1' }, ['a']],
      ['connID and dn', { connID: 'conn-b', dn: '7001' }, []],
      ['an unknown dn', { dn: '9999' }, []],
      ['a prefix of a dn', { dn: '700' }, []],
    ])('finds by %s', async (_what, query, found) => {
      await store.append([
        call('a', DAY + 1, { dns: ['5000', '7001'], agents: ['agent1'] }),
        call('b', DAY + 2, { dns: ['5000', '7002'], agents: ['agent2'] }),
        call('c', DAY + 3, { dns: ['5001', '7003'], agents: ['agent1', 'agent3'] }),
      ]);
      expect(await keys(query)).toEqual(found);
      // Names may hold what a server's language could take for its own.
      expect(await keys({ dn: "7001' OR '1'='1" })).toEqual([]);
    });

    it('finds by connID, dn or agent in any range of time', async () => {
      await store.append([call('a', DAY), session('s', DAY, 'agent1', '7001')]);
      const ever = { fromMs: 0, toMs: DAY + 300 * RANGE_MS_MAX };
      expect(await keys({ ...ever, connID: 'conn-a' })).toEqual(['a']);
      expect(await keys({ ...ever, dn: '7001' })).toEqual(['a']);
      expect(await keys({ ...ever, kind: 'agentSession', agent: 'agent1' })).toEqual(['s']);
    });

    it('finds by terms, all that are given, and pages them', async () => {
      await store.append([
        call('a', DAY + 1, { terms: ['rule:five', 'verdict:refused'] }), call('b', DAY + 2, { terms: ['rule:five', 'verdict:passed'] }),
        call('c', DAY + 3, { terms: ['verdict:refused'] }), call('d', DAY + 4), call('e', DAY + 5, { terms: ['rule:five', 'verdict:refused'], dns: ['7009'] }),
      ]);
      expect(await keys({ terms: ['rule:five'] })).toEqual(['e', 'b', 'a']);
      expect(await keys({ terms: ['rule:five', 'verdict:refused'] })).toEqual(['e', 'a']);
      expect(await keys({ terms: ['verdict:refused'], dn: '7009' })).toEqual(['e']);
      expect(await keys({ terms: ['rule:fiv'] })).toEqual([]);
      expect(await keys({ dn: 't:rule:five' })).toEqual([]);
      const ever = { fromMs: 0, toMs: DAY + 300 * RANGE_MS_MAX, terms: ['verdict:refused'], limit: 2 };
      const first = await store.query({ kind: 'call', ...day, ...ever });
      expect(first.records.map(({ key }) => key)).toEqual(['e', 'c']);
      expect(await keys({ ...ever, after: first.next! })).toEqual(['a']);
    });

    it('pages through everything, once each', async () => {
      const many = Array.from({ length: 25 }, (_, i) => call(`k${String(i).padStart(2, '0')}`, DAY + Math.floor(i / 10)));
      await store.append(many);
      for (const filter of [{}, { dn: '7001' }]) {
        const seen: string[] = [];
        let after: string | undefined;
        do {
          const page = await store.query({ kind: 'call', ...day, ...filter, limit: 4, ...(after === undefined ? {} : { after }) });
          expect(page.records.length).toBeLessThanOrEqual(4);
          seen.push(...page.records.map(({ key }) => key));
          after = page.next;
        } while (after !== undefined);
        expect(seen).toEqual(many.map(({ key }) => key).reverse());
      }
    });

    it('says no next when the last page is full', async () => {
      await store.append([call('a', DAY), call('b', DAY + 1)]);
      expect((await store.query({ kind: 'call', ...day, limit: 2 })).next).toBeUndefined();
    });

    it('makes one record of what is written twice, also within one batch', async () => {
      await store.append([call('a', DAY), call('a', DAY)]);
      await store.append([call('a', DAY)]);
      expect(await keys()).toEqual(['a']);
      expect(await keys({ dn: '7001' })).toEqual(['a']);
    });

    it('lets the higher version stand, in whichever order they come', async () => {
      const [v1, v2] = [1, 2].map((version) => call('a', DAY, { version, data: callData({ parties: version }) })) as [HistoryRecord, HistoryRecord];
      await store.append([v1]);
      await store.append([v2]);
      await store.append([v1]);
      const [x2, x1] = [v2, v1].map((record) => ({ ...record, key: 'b' }));
      await store.append([x2 as HistoryRecord, x1 as HistoryRecord]);
      const { records } = await store.query({ kind: 'call', ...day });
      expect(records.map(({ key, version, data }) => [key, version, (data as CallData).parties])).toEqual([['b', 2, 2], ['a', 2, 2]]);
    });

    it('lets one of two different records of one version stand, whichever comes first', async () => {
      const versions = [call('a', DAY, { data: callData({ ani: '1' }) }), call('a', DAY, { data: callData({ ani: '2' }) })] as const;
      await store.append([versions[0]]);
      await store.append([versions[1]]);
      await store.append([{ ...versions[1], key: 'b' }]);
      await store.append([{ ...versions[0], key: 'b' }]);
      const { records } = await store.query({ kind: 'call', ...day });
      expect(records.map(({ data }) => (data as CallData).ani)).toEqual(['2', '2']);
    });

    it('finds a later version by what it has more', async () => {
      await store.append([call('a', DAY, { version: 1, dns: ['5000'] })]);
      await store.append([call('a', DAY, { version: 2, dns: ['5000', '7009'], agents: ['agent9'] })]);
      expect(await keys({ dn: '7009' })).toEqual(['a']);
      expect(await keys({ dn: '5000' })).toEqual(['a']);
      expect(await keys({ agent: 'agent9' })).toEqual(['a']);
    });

    it('takes a batch of any size up to the bound', async () => {
      await store.append([]);
      await store.append(Array.from({ length: APPEND_MAX }, (_, i) => call(`k${i}`, DAY + i)));
      expect(await keys({ limit: 1_000 })).toHaveLength(APPEND_MAX);
    });

    it.each<[string, Partial<HistoryQuery>]>([
      ['limit', { limit: 0 }],
      ['limit', { limit: 1_001 }],
      ['from', { fromMs: -1 }],
      ['to', { toMs: DAY - 1 }],
      ['after', { after: 'nonsense' }],
      ['from', { fromMs: DAY + 24 * HOUR_MS - RANGE_MS_MAX - 1 }],
    ])('refuses a query with a wrong %s, naming it', async (parameter, query) => {
      await expect(store.query({ kind: 'call' as HistoryKind, ...day, ...query })).rejects.toMatchObject({
        code: 'HISTORY_QUERY', message: expect.stringContaining(parameter),
      });
    });

    it('says that it is unavailable, and answers again later', async () => {
      if (stand.outage === undefined) return;
      await store.append([call('a', DAY)]);
      await stand.outage.begin();
      await expect(store.append([call('b', DAY + 1)])).rejects.toBeInstanceOf(HistoryUnavailable);
      await expect(store.query({ kind: 'call', ...day })).rejects.toMatchObject({ code: 'HISTORY_UNAVAILABLE', retryable: true });
      await stand.outage.end();
      await store.append([call('b', DAY + 1)]);
      expect(await keys()).toEqual(['b', 'a']);
    });

    it('is unavailable once closed', async () => {
      await store.close();
      await expect(store.append([call('a', DAY)])).rejects.toBeInstanceOf(HistoryUnavailable);
    });
  });

  if (startKeeping === undefined) return;
  describe(`${name} keeps records for their time`, () => {
    it('removes what began before its retention, wherever it is found by, and nothing else', async () => {
      const nowMs = DAY + 240 * HOUR_MS;
      const { store, close } = await startKeeping({ retentionMs: 48 * HOUR_MS, nowMs: () => nowMs });
      const found = async (query: Partial<HistoryQuery> = {}): Promise<string[]> =>
        (await store.query({ kind: 'call', fromMs: DAY, toMs: nowMs + 1, limit: 100, ...query })).records.map(({ key }) => key);
      const resource: HistoryRecord<'resource'> = {
        kind: 'resource', key: 'Switch/7001', atMs: 0, version: 1, dns: ['7001'], agents: [],
        data: { switchName: 'Switch', dn: '7001', type: 'Extension', firstSeenAtMs: 5 },
      };
      await store.append([call('old', DAY), call('kept', nowMs - 47 * HOUR_MS), call('new', nowMs), resource]);
      // A server may take a second for it.
      for (const query of [{}, { dn: '7001' }, { connID: 'conn-old' }]) while ((await found(query)).includes('old')) continue;
      expect([await found(), await found({ dn: '7001' }), await found({ connID: 'conn-kept' })]).toEqual([['new', 'kept'], ['new', 'kept'], ['kept']]);
      expect((await store.query({ kind: 'resource', fromMs: 0, toMs: 1, limit: 10 })).records).toHaveLength(1);
      await close();
    });
  });
}
