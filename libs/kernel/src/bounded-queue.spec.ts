import fc from 'fast-check';
import { BoundedQueue } from './bounded-queue.js';

it('is a FIFO that refuses what is beyond its capacity and keeps what it holds', () => {
  const step = fc.oneof(fc.constant('shift' as const), fc.integer());
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 300 }), (capacity, steps) => {
    const queue = new BoundedQueue<number>(capacity);
    const model: number[] = [];
    for (const each of steps) {
      if (each === 'shift') {
        expect(queue.shift()).toBe(model.shift());
      } else {
        const fits = model.length < capacity;
        expect(queue.push(each)).toBe(fits);
        if (fits) model.push(each);
      }
      expect(queue.size).toBe(model.length);
      expect(queue.peek()).toBe(model[0]);
    }
    expect([...queue]).toEqual(model);
  }));
});
