import { WriteBehind } from './write-behind.js';

describe('WriteBehind', () => {
  it('holds the latest change of a key, in the order of keys', () => {
    const queue = new WriteBehind<number>(10);
    queue.add('a', 1);
    queue.add('b', 2);
    queue.add('a', 3);
    expect([...queue.take(10)]).toEqual([['a', 3], ['b', 2]]);
  });

  it('hands out no more than asked for', () => {
    const queue = new WriteBehind<number>(10);
    for (let i = 0; i < 5; i += 1) queue.add(String(i), i);
    expect([...queue.take(2).keys()]).toEqual(['0', '1']);
    queue.done();
    expect(queue.size).toBe(3);
  });

  it('keeps what failed, unless a later change waits', () => {
    const queue = new WriteBehind<number>(10);
    queue.add('a', 1);
    queue.add('b', 1);
    queue.take(10);
    queue.add('a', 2);
    queue.failed();
    expect(new Map(queue.take(10))).toEqual(new Map([['a', 2], ['b', 1]]));
  });

  it('refuses new keys when full, counting those in flight, and remembers it', () => {
    const queue = new WriteBehind<number>(2);
    queue.add('a', 1);
    queue.take(1);
    expect(queue.add('b', 1)).toBe(true);
    expect(queue.isOverflowed).toBe(false);
    expect(queue.add('c', 1)).toBe(false);
    expect(queue.add('b', 2)).toBe(true);
    expect(queue.isOverflowed).toBe(true);
    queue.forgetOverflow();
    expect(queue.isOverflowed).toBe(false);
  });
});
