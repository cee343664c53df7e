import { ReplicaCopy } from './replica-copy.js';
import type { ReplicaMessage } from './replica-messages.js';
import { ReplicaSource } from './replica-source.js';

const texts = (state: ReadonlyMap<string, ReadonlyMap<string, string>>) => Object.fromEntries([...state].map(([tier, values]) => [tier, Object.fromEntries(values)]));

describe('the replication of a pair', () => {
  let source: ReplicaSource;
  let copy: ReplicaCopy;
  let nowMs: number;
  let sent: ReplicaMessage[];

  /** Lets everything through, but what the filter holds back. */
  const carry = (messages: ReplicaMessage[], passes: (message: ReplicaMessage) => boolean = () => true): void => {
    for (let message = messages.shift(); message !== undefined; message = messages.shift()) {
      sent.push(message);
      if (!passes(message)) continue;
      if (message.from === 'a') copy.on(message, nowMs, messages);
      else source.on(message, messages);
    }
  };
  const put = (key: string, value: object | undefined, passes?: (message: ReplicaMessage) => boolean): void => {
    source.put('sc', key, value);
    const out: ReplicaMessage[] = [];
    source.flush(out);
    carry(out, passes);
  };
  const beat = (): void => {
    nowMs += 1_000;
    const out: ReplicaMessage[] = [];
    source.beat(out);
    carry(out);
  };

  beforeEach(() => {
    source = new ReplicaSource('a', 10);
    copy = new ReplicaCopy('b');
    nowMs = 0;
    sent = [];
  });

  it('sends nothing before a backup wants it, then everything, then what changes', () => {
    put('c1', { a: 1 });
    put('c2', { a: 2 });
    expect([sent, copy.complete, source.lag]).toEqual([[], false, undefined]);
    beat();
    expect(copy.complete).toBe(true);
    put('c1', undefined);
    put('c3', { text: 'a "quoted" word' });
    expect(texts(copy.state)).toEqual({ sc: { c2: '{"a":2}', c3: '{"text":"a \\"quoted\\" word"}' } });
    expect([source.entries, copy.entries]).toEqual([2, 2]);
  });

  it('lets the last value of a key count within a flush, and counts bytes', () => {
    source.put('sc', 'c', { a: 1 });
    source.put('sc', 'c', { a: 22 });
    source.flush([]);
    expect([texts(source.state), source.bytes]).toEqual([{ sc: { c: '{"a":22}' } }, 8]);
    source.put('sc', 'c', undefined);
    source.flush([]);
    expect(source.bytes).toBe(0);
  });

  it('gets everything anew after a gap, and serves what it had until that is complete', () => {
    put('c1', { a: 1 });
    beat();
    put('c2', { a: 2 }, () => false);
    const kept = texts(copy.state);
    put('c3', { a: 3 }, (message) => message.from === 'a' && message.kind === 'frame' && message.first !== true);
    expect([texts(copy.state), copy.complete]).toEqual([kept, true]);
    beat();
    expect(Object.keys(texts(copy.state).sc!).sort()).toEqual(['c1', 'c2', 'c3']);
  });

  it('notices with the next heartbeat that the last frame was lost', () => {
    beat();
    put('c1', { a: 1 }, () => false);
    expect(copy.entries).toBe(0);
    beat();
    expect(copy.entries).toBe(1);
  });

  it('copies page by page, four ahead of the acknowledgements, with changes in between', () => {
    for (let i = 0; i < 3_000; i += 1) source.put('sc', `c${i}`, { i });
    source.flush([]);
    const out: ReplicaMessage[] = [];
    source.on({ kind: 'want', from: 'b', epoch: 10 }, out);
    expect(out).toHaveLength(4);
    source.put('sc', 'c1', undefined);
    source.put('sc', 'new', { n: 1 });
    source.flush(out);
    carry(out);
    copy.tick(out);
    carry(out);
    expect([copy.complete, copy.entries]).toEqual([true, 3_000]);
    expect(texts(copy.state)).toEqual(texts(source.state));
    expect(source.lag).toBe(0);
  });

  it('forgets an earlier term when a later one begins, and passes the earlier one over', () => {
    put('c1', { a: 1 });
    beat();
    const old = source;
    source = new ReplicaSource('a', 11);
    const out: ReplicaMessage[] = [];
    source.beat(out);
    copy.on(out[0]!, 5_000, []);
    expect([copy.complete, copy.epoch, copy.entries]).toEqual([false, 11, 0]);
    old.put('sc', 'c9', {});
    old.flush(out);
    copy.on(out.at(-1)!, 5_000, []);
    expect(copy.entries).toBe(0);
  });

  it('does not follow a backup that never acknowledges', () => {
    source.on({ kind: 'want', from: 'b', epoch: 10 }, []);
    for (let i = 0; i < 20_100; i += 1) {
      source.put('sc', 'c', { i });
      source.flush([]);
    }
    expect(source.lag).toBeUndefined();
  });

  it('holds what it had put itself, until a later term is heard of', () => {
    put('c1', { a: 1 });
    copy.adopt(10, source.state);
    expect([copy.complete, copy.epoch, copy.entries]).toEqual([true, 10, 1]);
    copy.on({ kind: 'at', from: 'a', epoch: 12, seq: 0 }, 0, []);
    expect([copy.complete, copy.entries]).toEqual([false, 0]);
  });
});
