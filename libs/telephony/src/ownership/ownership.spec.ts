import fc from 'fast-check';
import type { DnSnapshot } from '../messages/index.js';
import { Ownership } from './ownership.js';
import type { OwnerRecord, OwnershipEffect, OwnershipInput } from './ownership.types.js';

const want = (nowMs: number, untilMs = 100_000): OwnershipInput => ({ kind: 'want', dn: '7001', ownership: 'sip', untilMs, nowMs });
const picture = (seq: number): DnSnapshot => ({ dn: '7001', owner: 'N1', epoch: 1, seq, inService: true, agent: undefined, calls: [], dnd: false });

function run(table: Ownership, input: OwnershipInput): OwnershipEffect[] {
  const out: OwnershipEffect[] = [];
  table.on(input, out);
  return out;
}

const answered = (verdict: 'now' | 'later' | 'no' | 'silent' | 'nobody', nowMs = 2): OwnershipInput => ({ kind: 'moveAnswered', dn: '7001', verdict, nowMs });

/** A table that heard others for long enough. */
function settled(node: string, dataCentre: string): Ownership {
  const table = new Ownership(node, dataCentre, Number(node.slice(1)));
  run(table, { kind: 'settled' });
  return table;
}

const numbered = (dn: string, nowMs: number): OwnershipInput => ({ kind: 'want', dn, ownership: 'sip', untilMs: 1e15, nowMs });

describe('epochs', () => {
  const nowMs = 1_800_000_000_000;

  it('of two nodes that claim in one millisecond differ, and stay safe integers until the year 2248', () => {
    const at = Date.UTC(2248, 0);
    const epochs = [1, 2, 4_095].map((id) => {
      const table = settled(`N${id}`, 'dc1');
      run(table, numbered('5000', at));
      return table.owner('5000')!.epoch;
    });
    expect(new Set(epochs).size).toBe(3);
    expect(epochs.every(Number.isSafeInteger)).toBe(true);
  });

  it('of one DN grow with each claim, also within a millisecond and when the clock goes back', () => {
    const table = settled('N1', 'dc1');
    let last = 0;
    for (const atMs of [nowMs, nowMs, nowMs - 50, nowMs - 50]) {
      run(table, numbered('7001', atMs));
      const { epoch } = table.owner('7001')!;
      expect(epoch).toBeGreaterThan(last);
      last = epoch;
      run(table, { kind: 'unwant', dn: '7001', nowMs: atMs });
    }
  });

  it('of thousands of DNs that are claimed at once do not run ahead of the time', () => {
    const table = settled('N1', 'dc1');
    for (let dn = 10_000; dn < 20_000; dn += 1) {
      const claims = run(table, numbered(String(dn), nowMs));
      for (const effect of claims) if (effect.kind === 'publish') run(table, { kind: 'notice', notice: effect.notice, nowMs });
    }
    const later = settled('N2', 'dc1');
    run(later, numbered('19999', nowMs + 10));
    expect(later.owner('19999')!.epoch).toBeGreaterThan(table.owner('19999')!.epoch);
  });

  it('of the other half that goes on are below a claim that was made meanwhile, by whatever clock', () => {
    for (const [owner, claimer] of [['N1', 'N2'], ['N2', 'N1']] as const) {
      const before = settled(owner, 'dc1');
      run(before, numbered('7001', nowMs));
      const record = before.owner('7001')!;
      const other = settled(claimer, 'dc2');
      run(other, { kind: 'notice', notice: { kind: 'claim', ...record }, nowMs: nowMs - 5_000 });
      run(other, numbered('7001', nowMs - 5_000));
      run(other, { kind: 'moveAnswered', dn: '7001', verdict: 'now', nowMs: nowMs - 5_000 });
      const after = new Ownership(owner, 'dc1', Number(owner.slice(1)));
      run(after, { kind: 'restore', dn: '7001', ownership: 'sip', untilMs: 1e15, seenAtMs: 0, epoch: record.epoch, snapshot: undefined, lastSeq: 0, nowMs });
      expect(after.owner('7001')!.epoch).toBeGreaterThan(record.epoch);
      expect(other.owner('7001')!.epoch).toBeGreaterThan(after.owner('7001')!.epoch);
    }
  });
});

it('the first registration claims, the next one prolongs, its end releases', () => {
  const table = settled('N1', 'dc1');
  expect(run(table, want(1, 50)).map(({ kind }) => kind)).toEqual(['publish', 'takeUp']);
  expect(run(table, want(2, 90))).toEqual([]);
  expect(run(table, { kind: 'expire', nowMs: 60 })).toEqual([]);
  expect(run(table, { kind: 'expire', nowMs: 90 }).map(({ kind }) => kind)).toEqual(['giveUp']);
  expect(table.owner('7001')).toBeUndefined();
});

describe('the other half of a pair', () => {
  const restore = (snapshot: DnSnapshot | undefined): OwnershipInput =>
    ({ kind: 'restore', dn: '7001', ownership: 'sip', untilMs: 90, seenAtMs: 40, epoch: 1_000, snapshot, lastSeq: 4, nowMs: 50 });

  it('goes on with the next epoch, and tells what it begins with before it claims', () => {
    const table = new Ownership('N1', 'dc1', 1);
    const effects = run(table, restore(picture(9)));
    expect(effects.map(({ kind }) => kind)).toEqual(['takeUp', 'publish']);
    expect(effects[0]).toMatchObject({ record: { epoch: 1_000 + 4_096, ownership: 'sip' }, snapshot: { seq: 9 } });
    expect(run(table, { kind: 'expire', nowMs: 90 }).map(({ kind }) => kind)).toEqual(['giveUp']);
  });

  it('claims again what was only claimed, and waits for the hand-over', () => {
    const table = new Ownership('N1', 'dc1', 1);
    expect(run(table, restore(undefined)).map(({ kind }) => kind)).toEqual(['awaitHandOver', 'publish']);
    expect(run(table, { kind: 'handOverLate', dn: '7001', epoch: 1_000 + 4_096, nowMs: 250 })).toMatchObject([{ kind: 'takeUp', lastSeq: 4 }]);
  });

  it('yields to whoever claimed meanwhile, and is above the half before it', () => {
    const claim = (node: string, epoch: number): OwnershipInput =>
      ({ kind: 'notice', nowMs: 60, notice: { kind: 'claim', dn: '7001', node, dataCentre: 'dc1', ownership: 'sip', epoch } });
    const table = new Ownership('N1', 'dc1', 1);
    run(table, restore(picture(9)));
    expect(run(table, claim('N2', 1_000))).toMatchObject([{ kind: 'publish', notice: { kind: 'claim', node: 'N1', epoch: 1_000 + 4_096 } }]);
    expect(run(table, claim('N2', 1_001 + 4_096))).toMatchObject([{ kind: 'yield', to: 'N2', wasTakenUp: true }]);
  });
});

it('of two ends the one told last counts, and one that has come ends it at once', () => {
  const table = settled('N1', 'dc1');
  run(table, want(1, 90));
  run(table, want(2, 50));
  expect(run(table, { kind: 'expire', nowMs: 60 }).map(({ kind }) => kind)).toEqual(['giveUp']);
  run(table, want(61, 90));
  expect(run(table, want(70, 70)).map(({ kind }) => kind)).toEqual(['giveUp']);
  expect(run(table, want(71, 71))).toEqual([]);
});

it('the end of a registration goes to the owner, wherever it is, and to nobody else', () => {
  const table = settled('N1', 'dc1');
  const claim = (ownership: 'sip' | 'static', dataCentre: string, epoch: number): OwnershipInput => ({
    kind: 'notice', nowMs: 1, notice: { kind: 'claim', dn: '7001', node: 'N2', dataCentre, ownership, epoch },
  });
  run(table, claim('sip', 'dc1', 5));
  expect(run(table, want(9, 9))).toEqual([{ kind: 'forwardRefresh', dn: '7001', untilMs: 9 }]);
  run(table, claim('sip', 'dc2', 6));
  expect(run(table, want(9, 9))).toEqual([{ kind: 'forwardRefresh', dn: '7001', untilMs: 9 }]);
  run(table, claim('static', 'dc2', 7));
  expect(run(table, want(9, 9))).toEqual([]);
});

it('a living owner of the same data centre keeps the DN; one of another is asked, and hands it over', () => {
  const claim = (dataCentre: string): OwnershipInput => ({
    kind: 'notice', nowMs: 1, notice: { kind: 'claim', dn: '7001', node: 'N2', dataCentre, ownership: 'sip', epoch: 5 },
  });
  const near = new Ownership('N1', 'dc1', 1);
  run(near, claim('dc1'));
  expect(run(near, want(2))).toEqual([{ kind: 'forwardRefresh', dn: '7001', untilMs: 100_000 }]);
  const far = new Ownership('N1', 'dc1', 1);
  run(far, claim('dc2'));
  expect(run(far, want(2))).toEqual([{ kind: 'askMove', dn: '7001', ownership: 'sip', untilMs: 100_000, agoMs: 0 }]);
  expect(far.owner('7001')?.node).toBe('N2');
  const effects = run(far, answered('now'));
  expect(effects.map(({ kind }) => kind)).toEqual(['publish', 'awaitHandOver']);
  expect(far.owns('7001')).toBe(false);
  const { epoch } = far.owner('7001')!;
  expect(run(far, { kind: 'handOver', epoch, snapshot: picture(17), nowMs: 3 })).toMatchObject([{ kind: 'takeUp', snapshot: { seq: 17 } }]);
  expect(run(far, { kind: 'handOverLate', dn: '7001', epoch, nowMs: 203 })).toEqual([]);
});

it('a lower claim is answered with the higher one; a higher one makes the owner yield at once', () => {
  const table = settled('N1', 'dc1');
  run(table, want(100));
  const { epoch } = table.owner('7001')!;
  const claim = (of: number): OwnershipInput => ({
    kind: 'notice', nowMs: 1, notice: { kind: 'claim', dn: '7001', node: 'N2', dataCentre: 'dc1', ownership: 'sip', epoch: of },
  });
  expect(run(table, claim(epoch - 1))).toMatchObject([{ kind: 'publish', notice: { epoch, node: 'N1' } }]);
  expect(run(table, claim(epoch + 1))).toMatchObject([{ kind: 'yield', to: 'N2', wasTakenUp: true }]);
  expect(table.owns('7001')).toBe(false);
});

const record = (node: string, epoch: number): OwnerRecord => ({ dn: '7001', node, dataCentre: 'dc1', ownership: 'sip', epoch });

it('who has not listened yet waits for a hand-over, since an owner may be there unheard', () => {
  const table = new Ownership('N1', 'dc1', 1);
  const [claim, wait] = run(table, want(100));
  expect(claim).toMatchObject({ kind: 'publish', notice: { kind: 'claim', node: 'N1' } });
  expect(wait).toMatchObject({ kind: 'awaitHandOver', delayMs: 200 });
  const { epoch } = table.owner('7001')!;
  expect(run(table, { kind: 'handOverLate', dn: '7001', epoch, nowMs: 300 })).toMatchObject([
    { kind: 'takeUp', snapshot: undefined },
  ]);
});

it('a DN without an owner is taken up at once, where its numbers ended', () => {
  expect(run(settled('N1', 'dc1'), { ...want(100), lastSeq: 12 } as OwnershipInput)).toMatchObject([
    { kind: 'publish', notice: { kind: 'claim' } }, { kind: 'takeUp', lastSeq: 12 },
  ]);
});

it('a record counts as a claim, unless its node is gone', () => {
  const living = settled('N1', 'dc1');
  run(living, { kind: 'record', record: record('N2', 5), alive: true, nowMs: 1 });
  expect(run(living, want(2))).toMatchObject([{ kind: 'forwardRefresh' }]);
  const dead = settled('N1', 'dc1');
  run(dead, { kind: 'record', record: record('N2', 5_000_000), alive: false, nowMs: 1 });
  expect(dead.owner('7001')).toBeUndefined();
  run(dead, want(2));
  expect(dead.owner('7001')?.epoch).toBeGreaterThan(5_000_000);
});

it('a record with a higher epoch makes the owner yield, a lower one is answered', () => {
  const table = settled('N1', 'dc1');
  run(table, want(100));
  const { epoch } = table.owner('7001')!;
  expect(run(table, { kind: 'record', record: record('N2', epoch - 1), alive: true, nowMs: 1 })).toMatchObject([{ kind: 'publish', notice: { epoch } }]);
  expect(run(table, { kind: 'record', record: record('N2', epoch + 1), alive: true, nowMs: 1 })).toMatchObject([{ kind: 'yield', to: 'N2' }]);
});

it('a hand-over that was overtaken goes on to the owner of now', () => {
  const table = settled('N1', 'dc1');
  run(table, { kind: 'notice', nowMs: 1, notice: { kind: 'claim', dn: '7001', node: 'N9', dataCentre: 'dc2', ownership: 'sip', epoch: 5 } });
  run(table, want(2));
  run(table, answered('now'));
  const { epoch } = table.owner('7001')!;
  run(table, { kind: 'notice', nowMs: 3, notice: { kind: 'claim', dn: '7001', node: 'N2', dataCentre: 'dc3', ownership: 'sip', epoch: epoch + 7 } });
  expect(run(table, { kind: 'handOver', epoch, snapshot: picture(17), nowMs: 4 })).toMatchObject([
    { kind: 'passOn', to: 'N2', epoch: epoch + 7, snapshot: { seq: 17 } },
  ]);
});

it('after a pause every claim is said again', () => {
  const table = settled('N1', 'dc1');
  run(table, want(100));
  expect(run(table, { kind: 'sayAgain' })).toMatchObject([{ kind: 'publish', notice: { kind: 'claim', dn: '7001' } }]);
});

it('whatever the order of claims heard, two tables agree on one owner', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 50 })), { maxLength: 20 }), (steps) => {
    const tables = [settled('N1', 'dc1'), settled('N2', 'dc2')] as const;
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

describe('a wish for a DN of another data centre', () => {
  const claim = (node: string, dataCentre: string, epoch: number): OwnershipInput => ({
    kind: 'notice', nowMs: 2, notice: { kind: 'claim', dn: '7001', node, dataCentre, ownership: 'sip', epoch },
  });

  function wishing(untilMs = 100_000): Ownership {
    const table = settled('N1', 'dc1');
    run(table, claim('N2', 'dc2', 5));
    run(table, want(1_000, untilMs));
    return table;
  }

  const asks = (table: Ownership, nowMs: number): unknown[] => run(table, { kind: 'expire', nowMs });

  it('is said again while its owner waits, with how long ago the phone was seen', () => {
    const table = wishing();
    expect(run(table, answered('later', 1_010))).toEqual([]);
    expect(asks(table, 6_000)).toEqual([]);
    expect(asks(table, 6_010)).toMatchObject([{ kind: 'askMove', agoMs: 5_010 }]);
    expect(run(table, answered('now', 6_020)).map(({ kind }) => kind)).toEqual(['publish', 'awaitHandOver']);
    expect(table.seenAtMs('7001')).toBe(1_000);
  });

  it('is said again soon when there is no answer', () => {
    const table = wishing();
    run(table, answered('silent', 2_000));
    expect(asks(table, 3_000)).toMatchObject([{ kind: 'askMove' }]);
  });

  it('is forgotten when the phone was seen there since, left, or its registration ran out', () => {
    for (const end of [answered('no'), { ...want(1_100), untilMs: 1_100 } as OwnershipInput, { kind: 'expire', nowMs: 100_000 } as const]) {
      const table = wishing();
      run(table, end);
      expect(table.wishes('7001')).toBe(false);
      expect(run(table, answered('now', 1_200))).toEqual([]);
    }
  });

  it('comes true when its owner releases, dies, or was never there when asked twice', () => {
    const release: OwnershipInput = { kind: 'notice', nowMs: 1_100, notice: { kind: 'release', dn: '7001', node: 'N2', epoch: 5 } };
    for (const end of [release, { kind: 'nodeDown', node: 'N2', nowMs: 1_100 } as const]) {
      expect(run(wishing(), end).map(({ kind }) => kind)).toEqual(['publish', 'takeUp']);
    }
    const table = wishing();
    expect(run(table, answered('nobody', 1_100))).toEqual([]);
    expect(run(table, answered('nobody', 2_100)).map(({ kind }) => kind)).toEqual(['publish', 'takeUp']);
  });

  it('goes to the owner of now: told of the phone in the own data centre, asked in another', () => {
    expect(run(wishing(), claim('N3', 'dc1', 6))).toEqual([{ kind: 'forwardRefresh', dn: '7001', untilMs: 100_000 }]);
    const table = wishing();
    expect(run(table, claim('N4', 'dc3', 6))).toEqual([]);
    expect(asks(table, 1_001)).toMatchObject([{ kind: 'askMove' }]);
  });

  it('of an application ends with it', () => {
    const table = wishing();
    run(table, { kind: 'unwant', dn: '7001', nowMs: 1_100 });
    expect(table.wishes('7001')).toBe(false);
  });
});

it('a proxy that lost a binding shortens the registration, and is no sight of the phone', () => {
  const table = settled('N1', 'dc1');
  run(table, want(1_000));
  run(table, { kind: 'until', dn: '7001', untilMs: 5_000, nowMs: 2_000 });
  expect([table.untilMs('7001'), table.seenAtMs('7001')]).toEqual([5_000, 1_000]);
  expect(run(table, { kind: 'until', dn: '7001', untilMs: 2_500, nowMs: 2_500 })).toMatchObject([{ kind: 'giveUp' }]);
});
