import { setImmediate as nextTurn } from 'node:timers/promises';
import { TurnOutbox } from './turn-outbox.js';

describe('TurnOutbox', () => {
  const stand = () => {
    const sent: string[] = [];
    return { sent, outbox: new TurnOutbox((subject, text, reply) => void sent.push([subject, text, reply].join(' '))) };
  };

  it('sends at the end of the turn, in order', async () => {
    const { sent, outbox } = stand();
    outbox.put('a', '1');
    await Promise.resolve();
    outbox.put('b', '22', 'inbox.7');
    expect([sent, outbox.chars]).toEqual([[], 3]);
    await nextTurn();
    expect([sent, outbox.chars]).toEqual([['a 1 ', 'b 22 inbox.7'], 0]);
    outbox.put('c', '3');
    await nextTurn();
    expect(sent).toHaveLength(3);
  });

  it('sends at once when it is told to, and nothing twice', async () => {
    const { sent, outbox } = stand();
    outbox.put('a', '1');
    outbox.flush();
    expect(sent).toEqual(['a 1 ']);
    await nextTurn();
    expect(sent).toEqual(['a 1 ']);
  });

  it.each([
    ['characters', 4, 'x'.repeat(16_384)],
    ['messages', 1_024, '{}'],
  ])('sends before the end of the turn when many %s wait', (_what, count, text) => {
    const { sent, outbox } = stand();
    for (let n = 1; n < count; n += 1) outbox.put('a', text);
    expect(sent).toHaveLength(0);
    outbox.put('a', text);
    expect([sent.length, outbox.chars]).toEqual([count, 0]);
  });
});
