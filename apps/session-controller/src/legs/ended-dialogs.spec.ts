import { EndedDialogs } from './ended-dialogs.js';

describe('dialogs that ended', () => {
  it('are known for 32 s at least, and 64 s at most', () => {
    const ended = new EndedDialogs();
    ended.add('first', 100_000);
    ended.add('second', 131_999);
    expect(ended.has('second', 163_998)).toBe(true);
    expect(ended.has('first', 163_999)).toBe(true);
    expect(ended.has('first', 196_000)).toBe(false);
  });

  it('are forgotten when nobody asked for a long time', () => {
    const ended = new EndedDialogs();
    ended.add('first', 100_000);
    expect(ended.has('first', 164_000)).toBe(false);
  });

  it('are 65,536 at most: the oldest go first', () => {
    const ended = new EndedDialogs();
    for (let n = 0; n < 70_000; n += 1) ended.add(String(n), 1_000);
    expect(ended.has('69999', 1_000)).toBe(true);
    expect(ended.has('40000', 1_000)).toBe(true);
    expect(ended.has('32767', 1_000)).toBe(false);
  });
});
