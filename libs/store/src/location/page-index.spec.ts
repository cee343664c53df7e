import { PageIndex } from './page-index.js';

describe('the index of pages', () => {
  const names = ['c', 'a', 'e', 'b', 'd'];
  let sorted = 0;
  const read = (): string[] => {
    sorted += 1;
    return names;
  };

  beforeEach(() => { sorted = 0; });

  it('sorts once for a reader who goes on, and finds his place', () => {
    const index = new PageIndex();
    const first = index.after('', 0, read);
    expect(first).toEqual({ names: ['a', 'b', 'c', 'd', 'e'], from: 0 });
    expect(index.after('b', 1_000, read).from).toBe(2);
    expect(index.after('bb', 2_000, read).from).toBe(2);
    expect(index.after('e', 3_000, read).from).toBe(5);
    expect(sorted).toBe(1);
  });

  it('sorts anew for a new reader, for a slow one, and after it was released', () => {
    const index = new PageIndex();
    index.after('', 0, read);
    index.after('', 0, read);
    expect(index.after('b', 31_000, read).from).toBe(2);
    index.release();
    expect(index.after('b', 31_000, read).from).toBe(2);
    expect(sorted).toBe(4);
  });
});
