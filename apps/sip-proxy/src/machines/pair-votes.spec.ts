import { pairQuestion, PairVotes } from './pair-votes.js';

describe('the word of a proxy on a pair', () => {
  const hosts = new Map([['n1', ['10.0.0.1', '10.0.0.2']]]);
  const ask = (votes: PairVotes, kind: 'vouch' | 'letGo', epoch: number, nowMs: number, from = '10.0.0.1', node = 'n1') =>
    votes.answer({ node, kind, epoch }, from, nowMs);

  it('is read from its header', () => {
    expect(pairQuestion('n1;question=letGo;epoch=1838752816627712')).toEqual({ node: 'n1', kind: 'letGo', epoch: 1_838_752_816_627_712 });
    for (const other of ['', 'n1', 'n1;question=steal;epoch=1', 'n1;question=vouch;epoch=x', 'n 1;question=vouch;epoch=1']) {
      expect(pairQuestion(other)).toBeUndefined();
    }
  });

  it('stands by a term until it let it go, which it does not within 1.2 s', () => {
    const votes = new PairVotes(hosts, 0);
    expect(ask(votes, 'vouch', 5, 10_000)).toBe(true);
    expect(ask(votes, 'letGo', 5, 11_199, '10.0.0.2')).toBe(false);
    expect(ask(votes, 'letGo', 5, 11_200, '10.0.0.2')).toBe(true);
    expect(ask(votes, 'vouch', 5, 11_300)).toBe(false);
    expect(ask(votes, 'vouch', 6, 11_400, '10.0.0.2')).toBe(true);
  });

  it('counts what it may have said before it started', () => {
    const votes = new PairVotes(hosts, 10_000);
    expect(ask(votes, 'letGo', 5, 10_500)).toBe(false);
    expect(ask(votes, 'letGo', 5, 11_300)).toBe(true);
  });

  it('is given to the halves of that pair only', () => {
    const votes = new PairVotes(hosts, 0);
    expect([ask(votes, 'vouch', 5, 9_000, '10.0.0.3'), ask(votes, 'vouch', 5, 9_000, '10.0.0.1', 'n2')]).toEqual([false, false]);
  });
});
