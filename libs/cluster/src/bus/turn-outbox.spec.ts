import { setImmediate as nextTurn } from 'node:timers/promises';
import { TurnOutbox } from './turn-outbox.js';

describe('TurnOutbox', () => {
  const stand = () => {
    const sent: string[] = [];
    const outbox = new TurnOutbox();
    return { sent, outbox, put: (text: string) => outbox.put(text.length, () => void sent.push(text)) };
  };

  it('sends at the end of the turn, in order', async () => {
    const { sent, outbox, put } = stand();
    put('1');
    await Promise.resolve();
    put('22');
    expect([sent, outbox.chars]).toEqual([[], 3]);
    await nextTurn();
    expect([sent, outbox.chars]).toEqual([['1', '22'], 0]);
    put('3');
    await nextTurn();
    expect(sent).toHaveLength(3);
  });

  it('sends at once when it is told to, and nothing twice', async () => {
    const { sent, outbox, put } = stand();
    put('1');
    outbox.flush();
    expect(sent).toEqual(['1']);
    await nextTurn();
    expect(sent).toEqual(['1']);
  });

  it.each([
    ['characters', 4, 'x'.repeat(16_384)],
    ['messages', 1_024, '{}'],
  ])('sends before the end of the turn when many %s wait', (_what, count, text) => {
    const { sent, outbox, put } = stand();
    for (let n = 1; n < count; n += 1) put(text);
    expect(sent).toHaveLength(0);
    put(text);
    expect([sent.length, outbox.chars]).toEqual([count, 0]);
  });
});
