import { mergedPages } from './merged-pages.js';

const row = (startedAtMs: number, key: string, more: object = {}) => ({ key, startedAtMs, ...more });

describe('pages of several recorders', () => {
  it('are one list with each record once, of two the one that knows the end', () => {
    const page = mergedPages([{ rows: [row(3, 'a'), row(2, 'b', { endedAtMs: 9 })] }, { rows: [row(3, 'c'), row(2, 'b'), row(1, 'd')] }], 10);
    expect(page).toEqual({ rows: [row(3, 'c'), row(3, 'a'), row(2, 'b', { endedAtMs: 9 }), row(1, 'd')] });
  });

  it('end where the first of them is cut off', () => {
    const page = mergedPages([{ rows: [row(5, 'a'), row(4, 'k')], next: '4.k' }, { rows: [row(4, 'm'), row(4, 'j'), row(3, 'x')], next: '3.x' }], 10);
    expect(page).toEqual({ rows: [row(5, 'a'), row(4, 'm'), row(4, 'k')], next: '4.k' });
  });

  it('are no longer than was asked for', () => {
    expect(mergedPages([{ rows: [row(5, 'a'), row(3, 'b')] }, { rows: [row(4, 'c'), row(2, 'd')] }], 2)).toEqual({ rows: [row(5, 'a'), row(4, 'c')], next: '4.c' });
  });
});
