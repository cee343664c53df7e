import fc from 'fast-check';
import type { DnSnapshot } from '../messages/index.js';
import { Ownership } from './ownership.js';
import type { OwnershipEffect, OwnershipInput } from './ownership.types.js';

const want = (nowMs: number, untilMs = 100_000): OwnershipInput => ({ kind: 'want', dn: '7001', ownership: 'sip', untilMs, nowMs });
const picture = (seq: number): DnSnapshot => ({ dn: '7001', owner: 'N1', epoch: 1, seq, inService: true, agent: undefined, calls: [], dnd: false });

function run(table: Ownership, input: OwnershipInput): OwnershipEffect[] {
  const out: OwnershipEffect[] = [];
  table.on(input, out);
  return out;
}

it('the first registration claims, the next one prolongs, its end releases', () => {
  const table = new Ownership('N1', 'dc1');
  expect(run(table, want(1, 50)).map(({ kind }) => kind)).toEqual(['publish', 'takeUp']);
  expect(run(table, want(2, 90))).toEqual([]);
  expect(run(table, { kind: 'expire', nowMs: 60 })).toEqual([]);
  expect(run(table, { kind: 'expire', nowMs: 90 }).map(({ kind }) => kind)).toEqual(['giveUp', 'publish']);
  expect(table.owner('7001')).toBeUndefined();
});

it('a living owner of the same data centre keeps the DN; one of another hands it over', () => {
  const claim = (dataCentre: string): OwnershipInput => ({
    kind: 'notice', nowMs: 1, notice: { kind: 'claim', dn: '7001', node: 'N2', dataCentre, ownership: 'sip', epoch: 5 },
  });
  const near = new Ownership('N1', 'dc1');
  run(near, claim('dc1'));
  expect(run(near, want(2))).toEqual([{ kind: 'forwardRefresh', dn: '7001', untilMs: 100_000 }]);
  const far = new Ownership('N1', 'dc1');
  run(far, claim('dc2'));
  const effects = run(far, want(2));
  expect(effects.map(({ kind }) => kind)).toEqual(['publish', 'awaitHandOver']);
  expect(far.owns('7001')).toBe(false);
  const { epoch } = far.owner('7001')!;
  expect(run(far, { kind: 'handOver', epoch, snapshot: picture(17), nowMs: 3 })).toMatchObject([{ kind: 'takeUp', snapshot: { seq: 17 } }]);
  expect(run(far, { kind: 'handOverLate', dn: '7001', epoch, nowMs: 203 })).toEqual([]);
});

it('a lower claim is answered with the higher one; a higher one makes the owner yield at once', () => {
  const table = new Ownership('N1', 'dc1');
  run(table, want(100));
  const { epoch } = table.owner('7001')!;
  const claim = (of: number): OwnershipInput => ({
    kind: 'notice', nowMs: 1, notice: { kind: 'claim', dn: '7001', node: 'N2', dataCentre: 'dc1', ownership: 'sip', epoch: of },
  });
  expect(run(table, claim(epoch - 1))).toMatchObject([{ kind: 'publish', notice: { epoch, node: 'N1' } }]);
  expect(run(table, claim(epoch + 1))).toMatchObject([{ kind: 'yield', to: 'N2', wasTakenUp: true }]);
  expect(table.owns('7001')).toBe(false);
});

it('whatever the order of claims heard, two tables agree on one owner', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 50 })), { maxLength: 20 }), (steps) => {
    const tables = [new Ownership('N1', 'dc1'), new Ownership('N2', 'dc2')] as const;
    const pending: [to: number, effect: OwnershipEffect][] = [];
    const feed = (at: number, input: OwnershipInput): void => {
      for (const effect of run(tables[at]!, input)) if (effect.kind === 'publish') pending.push([1 - at, effect]);
    };
    for (const [first, nowMs] of steps) feed(first ? 0 : 1, want(nowMs));
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      if (next[1].kind === 'publish') feed(next[0], { kind: 'notice', notice: next[1].notice, nowMs: 60 });
    }
    expect(tables[0].owner('7001')?.node).toBe(tables[1].owner('7001')?.node);
  }));
});
