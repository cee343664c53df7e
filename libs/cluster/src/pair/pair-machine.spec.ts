import { PairMachine } from './pair-machine.js';
import type { PairEffect, PairInput, PairMessage, SeenLease } from './pair-machine.types.js';

/** One half, called `a`; the other half `b` is what the test says. */
class Stand {
  readonly machine: PairMachine;
  nowMs = 1_000_000;
  #out: PairEffect[] = [];

  constructor(proxies = 2) {
    this.machine = new PairMachine('a', 0, proxies);
    this.on({ kind: 'start' });
    this.on({ kind: 'leaseFailed' });
  }

  on(input: object): PairEffect[] {
    this.#out = [];
    this.machine.on({ nowMs: this.nowMs, askedMs: this.nowMs, ...input } as PairInput, this.#out);
    return this.#out;
  }

  hear(message: object): PairEffect[] {
    return this.on({ kind: 'heard', message: { from: 'b', askedMs: 5, ...message } as PairMessage });
  }

  /** Ticks on, with what KeyValue answers to each read. */
  pass(ms: number, lease?: SeenLease | 'silent', onEffects: (effects: PairEffect[]) => void = () => {}): PairEffect[] {
    const all: PairEffect[] = [];
    for (let left = ms; left > 0; left -= 100) {
      this.nowMs += 100;
      const effects = this.on({ kind: 'tick' });
      all.push(...effects);
      onEffects([...effects]);
      if (effects.some(({ kind }) => kind === 'readLease')) all.push(...this.on(lease === 'silent' ? { kind: 'leaseFailed' } : { kind: 'leaseRead', lease }));
    }
    return all;
  }

  get claimed(): number {
    return this.machine.epoch;
  }

  /** Primary by the lease, without the other half. */
  lead(): number {
    this.on({ kind: 'leaseRead', lease: undefined });
    this.pass(1_400);
    this.on({ kind: 'leaseWritten', lease: { epoch: this.claimed, owner: 'a', lone: false, revision: 1, askedMs: this.nowMs - 10 } });
    return this.machine.epoch;
  }
}

const kinds = (effects: readonly PairEffect[]) => effects.map((effect) => (effect.kind === 'send' ? effect.message.kind : effect.kind));
const leaseOf = (owner: string, epoch: number, revision: number, lone = false, askedMs = 0): SeenLease => ({ owner, epoch, revision, lone, askedMs });

describe('the halves of a pair (docs/specs/pairs.md)', () => {
  let stand: Stand;
  beforeEach(() => { stand = new Stand(); });

  it('Backup: claims when nobody was heard, and takes a free lease not before a promise of its last life is over', () => {
    expect(kinds(stand.pass(300, undefined))).toContain('claim');
    expect(stand.machine.state).toBe('Taking');
    expect(kinds(stand.pass(800, undefined))).not.toContain('writeLease');
    expect(kinds(stand.pass(400, undefined))).toContain('writeLease');
  });

  it('Backup: answers a heartbeat, and that is a promise', () => {
    expect(stand.hear({ kind: 'beat', epoch: 7 })).toEqual([{ kind: 'send', message: { kind: 'ack', from: 'a', epoch: 7, askedMs: 5, ready: false } }]);
    stand.on({ kind: 'copy', epoch: 7 });
    expect(stand.hear({ kind: 'beat', epoch: 7 })).toMatchObject([{ message: { kind: 'ack', ready: true } }]);
    expect(kinds(stand.pass(1_100, leaseOf('b', 7, 1)))).not.toContain('claim');
    expect(kinds(stand.pass(500, leaseOf('b', 7, 1)))).toEqual(expect.arrayContaining(['claim', 'writeLease']));
  });

  it('Backup: refuses the heartbeat of an earlier term', () => {
    stand.hear({ kind: 'beat', epoch: 7 });
    expect(stand.hear({ kind: 'beat', epoch: 6 })).toEqual([]);
  });

  it('Backup: lets a lease alone that is renewed, whatever the bus says', () => {
    stand.hear({ kind: 'beat', epoch: 7 });
    for (let revision = 1; revision < 20; revision += 1) expect(kinds(stand.pass(300, leaseOf('b', 7, revision)))).not.toContain('writeLease');
  });

  it('Backup: does not take over while KeyValue cannot be asked', () => {
    stand.hear({ kind: 'beat', epoch: 7 });
    expect(kinds(stand.pass(20_000, 'silent'))).not.toContain('writeLease');
  });

  it('Backup: takes a lone lease only when most proxies let the term go', () => {
    stand.hear({ kind: 'beat', epoch: 7 });
    const lone = leaseOf('b', 7, 1, true);
    expect(kinds(stand.pass(5_000, lone))).toEqual(expect.arrayContaining(['askProxies']));
    stand.on({ kind: 'proxyAnswered', proxy: 'p1', question: 'letGo', epoch: 7, yes: true, askedMs: 0 });
    expect(kinds(stand.pass(1_000, lone))).not.toContain('writeLease');
    stand.on({ kind: 'proxyAnswered', proxy: 'p2', question: 'letGo', epoch: 7, yes: true, askedMs: 0 });
    expect(kinds(stand.pass(300, lone))).toContain('writeLease');
  });

  it('Backup: a claim is answered, but by who holds the last term with a claim of its own', () => {
    expect(kinds(stand.hear({ kind: 'claim', epoch: 9, holds: false }))).toEqual(['ack']);
    stand.hear({ kind: 'beat', epoch: 9 });
    stand.on({ kind: 'copy', epoch: 9 });
    expect(kinds(stand.hear({ kind: 'claim', epoch: 12, holds: false }))).toEqual(['claim']);
    expect(stand.hear({ kind: 'ack', epoch: stand.claimed, askedMs: stand.nowMs, ready: false })[0])
      .toEqual({ kind: 'becamePrimary', epoch: stand.claimed, continues: true });
  });

  it('Backup: what is given to it is taken at once', () => {
    stand.hear({ kind: 'beat', epoch: 7 });
    stand.on({ kind: 'copy', epoch: 7 });
    stand.on({ kind: 'leaseRead', lease: leaseOf('b', 7, 3) });
    expect(kinds(stand.hear({ kind: 'yours', epoch: 7 }))).toEqual(['claim', 'writeLease']);
    expect(kinds(stand.hear({ kind: 'ack', epoch: stand.claimed, askedMs: stand.nowMs, ready: false }))).toEqual(['becamePrimary', 'beat']);
  });

  it('Backup: passes over a "yours" of an earlier term', () => {
    stand.hear({ kind: 'beat', epoch: 7 });
    expect(stand.hear({ kind: 'yours', epoch: 6 })).toEqual([]);
  });

  it('Taking: an answer that was asked for more than a second ago proves nothing', () => {
    stand.pass(300, undefined);
    const askedMs = stand.nowMs;
    stand.nowMs += 1_000;
    expect(stand.hear({ kind: 'ack', epoch: stand.claimed, askedMs, ready: false })).toEqual([]);
    expect(stand.machine.state).toBe('Taking');
  });

  it('Taking: follows a lease in a later term than the one it claimed, or its owner would renew it', () => {
    stand.pass(300, undefined);
    const claimed = stand.claimed;
    const later = leaseOf('b', claimed + 1_000_000, 4);
    const written = stand.pass(3_000, later).filter(({ kind }) => kind === 'writeLease');
    expect(written.length).toBeGreaterThan(0);
    for (const effect of written) expect((effect as PairEffect & { kind: 'writeLease' }).lease.epoch).toBeGreaterThan(later.epoch);
  });

  it('Taking: gives way to whoever was first, to a primary, and to a better claim', () => {
    for (const input of [{ kind: 'leaseRefused' }, { kind: 'heard', message: { kind: 'beat', from: 'b', epoch: 3, askedMs: 0 } },
      { kind: 'heard', message: { kind: 'claim', from: 'b', epoch: 2 ** 52, askedMs: 0, holds: false } }]) {
      stand = new Stand();
      stand.pass(300, undefined);
      stand.on(input);
      expect([input.kind, stand.machine.state]).toEqual([input.kind, 'Backup']);
    }
  });

  it('Primary: may act for a second from when its proof was asked for, and again with a new one', () => {
    const epoch = stand.lead();
    expect([stand.machine.isOpen(stand.nowMs), stand.machine.isOpen(stand.nowMs + 989), stand.machine.isOpen(stand.nowMs + 991)]).toEqual([true, true, false]);
    stand.nowMs += 20_000;
    expect(stand.machine.isOpen(stand.nowMs)).toBe(false);
    stand.hear({ kind: 'ack', epoch, askedMs: stand.nowMs - 19_000, ready: true });
    expect(stand.machine.isOpen(stand.nowMs)).toBe(false);
    stand.hear({ kind: 'ack', epoch, askedMs: stand.nowMs - 1, ready: true });
    expect(stand.machine.isOpen(stand.nowMs)).toBe(true);
  });

  it('Primary: proxies prove a term only while its lease is lone, and half of them is enough', () => {
    const epoch = stand.lead();
    const vouched = { kind: 'proxyAnswered', proxy: 'p1', question: 'vouch', epoch, yes: true };
    stand.nowMs += 5_000;
    stand.on({ ...vouched, askedMs: stand.nowMs });
    expect(stand.machine.isOpen(stand.nowMs)).toBe(false);
    stand.on({ kind: 'leaseWritten', lease: leaseOf('a', epoch, 2, true, stand.nowMs) });
    stand.nowMs += 5_000;
    stand.on({ ...vouched, askedMs: stand.nowMs });
    expect([stand.machine.isOpen(stand.nowMs), stand.machine.isOpen(stand.nowMs + 1_001)]).toEqual([true, false]);
    stand.nowMs += 60_000;
    stand.on({ ...vouched, askedMs: stand.nowMs });
    expect(stand.machine.isOpen(stand.nowMs)).toBe(false);
  });

  it('Primary: writes the lease as lone when the other half was unheard for 3 s', () => {
    const epoch = stand.lead();
    const leases = (ms: number): boolean[] => {
      const written: boolean[] = [];
      stand.pass(ms, leaseOf('a', epoch, 1), (effects) => {
        for (const effect of effects) {
          if (effect.kind !== 'writeLease') continue;
          written.push(effect.lease.lone);
          stand.on({ kind: 'leaseWritten', lease: { ...effect.lease, revision: 1 } });
        }
      });
      return written;
    };
    expect(new Set(leases(2_900))).toEqual(new Set([false]));
    leases(100);
    expect(new Set(leases(900))).toEqual(new Set([true]));
    stand.hear({ kind: 'ack', epoch, askedMs: stand.nowMs, ready: true });
    expect(new Set(leases(900))).toEqual(new Set([false]));
  });

  it('Primary: asks for the next renewal although the one before has no answer', () => {
    stand.lead();
    expect(kinds(stand.pass(1_200, 'silent')).filter((kind) => kind === 'writeLease')).toHaveLength(4);
  });

  it('Primary: a write whose answer was lost proves the term when it is read back, from when it was asked for', () => {
    const epoch = stand.lead();
    const askedMs = stand.nowMs + 300;
    stand.pass(600);
    expect(kinds(stand.on({ kind: 'leaseRefused', revision: 1 }))).toEqual(['readLease']);
    stand.on({ kind: 'leaseRead', lease: leaseOf('a', epoch, 2, false, askedMs) });
    expect([stand.machine.isOpen(askedMs + 999), stand.machine.isOpen(askedMs + 1_000)]).toEqual([true, false]);
  });

  it('Primary: a refusal that its own earlier write explains is passed over', () => {
    const epoch = stand.lead();
    stand.pass(600);
    stand.on({ kind: 'leaseWritten', lease: leaseOf('a', epoch, 2, false, stand.nowMs - 300) });
    expect(stand.on({ kind: 'leaseRefused', revision: 1 })).toEqual([]);
  });

  it('Primary: a late answer to a write that said lone does not let proxies count again', () => {
    const epoch = stand.lead();
    stand.pass(3_300, 'silent');
    const lone = leaseOf('a', epoch, 2, true, stand.nowMs - 300);
    stand.on({ kind: 'leaseRead', lease: lone });
    stand.hear({ kind: 'ack', epoch, askedMs: stand.nowMs, ready: true });
    stand.pass(300, 'silent');
    stand.on({ kind: 'leaseWritten', lease: lone });
    stand.nowMs += 3_000;
    stand.on({ kind: 'proxyAnswered', proxy: 'p1', question: 'vouch', epoch, yes: true, askedMs: stand.nowMs });
    expect(stand.machine.isOpen(stand.nowMs)).toBe(false);
  });

  it('Primary: writes over a lease of the other half only when that half answers, or let it lapse', () => {
    const epoch = stand.lead();
    const others = leaseOf('b', epoch - 1, 2);
    const written = (effects: PairEffect[]): boolean => effects.some(({ kind }) => kind === 'writeLease');
    stand.nowMs += 20_000;
    expect(written(stand.on({ kind: 'leaseRead', lease: others }))).toBe(false);
    expect(written(stand.pass(1_200, others))).toBe(false);
    expect(written(stand.pass(300, others))).toBe(true);
    stand.hear({ kind: 'ack', epoch, askedMs: stand.nowMs, ready: true });
    stand.nowMs += 600;
    expect(written(stand.on({ kind: 'leaseRead', lease: leaseOf('b', epoch - 1, 3) }))).toBe(true);
  });

  it('Primary: is doubtful for a while once it is unproven, and not when its term is over', () => {
    stand.lead();
    const untilMs = stand.nowMs + 990;
    expect([0, 1, 1_999, 2_000].map((ms) => stand.machine.isDoubtful(untilMs - 1 + ms))).toEqual([false, true, true, true]);
    expect(stand.machine.isDoubtful(untilMs + 2_000)).toBe(false);
    stand.on({ kind: 'leaseRead', lease: leaseOf('b', 2 ** 52, 9) });
    expect(stand.machine.isDoubtful(untilMs + 1)).toBe(false);
  });

  it.each([
    ['a heartbeat', { kind: 'heard', message: { kind: 'beat', from: 'b', epoch: 2 ** 52, askedMs: 0 } }],
    ['a lease', { kind: 'leaseRead', lease: leaseOf('b', 2 ** 52, 9) }],
  ])('Primary: %s of a later term ends its own', (_name, input) => {
    stand.lead();
    expect(kinds(stand.on(input))).toContain('becameBackup');
    expect(stand.machine.isOpen(stand.nowMs)).toBe(false);
  });

  it('Primary: a claim changes nothing', () => {
    stand.lead();
    expect(kinds(stand.hear({ kind: 'claim', epoch: 2 ** 52, holds: true }))).toEqual(['beat']);
    expect(stand.machine.isOpen(stand.nowMs)).toBe(true);
  });

  it('Primary: switches over only to a backup that answers and holds everything', () => {
    const epoch = stand.lead();
    expect(stand.machine.switchoverProblem(stand.nowMs + 5_000)).toContain('not heard');
    stand.hear({ kind: 'ack', epoch, askedMs: stand.nowMs, ready: false });
    expect(stand.machine.switchoverProblem(stand.nowMs)).toContain('does not hold everything yet');
    expect(stand.on({ kind: 'switchover' })).toEqual([]);
    stand.hear({ kind: 'ack', epoch, askedMs: stand.nowMs, ready: true });
    expect(kinds(stand.on({ kind: 'switchover' }))).toEqual(['handOver']);
    expect(stand.machine.isOpen(stand.nowMs)).toBe(false);
    expect(kinds(stand.hear({ kind: 'claim', epoch: 2 ** 52, holds: true }))).toEqual([]);
    expect(kinds(stand.on({ kind: 'handed' }))).toEqual(['yours']);
    expect(kinds(stand.hear({ kind: 'claim', epoch: 2 ** 52, holds: true }))).toEqual(['becameBackup', 'ack']);
  });

  it('Handing: takes the node back when nobody comes for it', () => {
    const epoch = stand.lead();
    stand.hear({ kind: 'ack', epoch, askedMs: stand.nowMs, ready: true });
    stand.on({ kind: 'switchover' });
    stand.on({ kind: 'handed' });
    expect(kinds(stand.pass(3_000, leaseOf('a', epoch, 1)))).toEqual(expect.arrayContaining(['yours', 'becameBackup']));
    expect(kinds(stand.pass(1_500, leaseOf('a', epoch, 1)))).toContain('writeLease');
  });
});
