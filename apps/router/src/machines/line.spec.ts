import fc from 'fast-check';
import { Line, type Placed } from './line.js';

it('keeps places, whatever the order of arrival', () => {
  // Several stand at each place, and an id keeps its place.
  const item = fc.integer({ min: 0, max: 20 }).map((n) => ({ place: n % 5, id: `i${n}` }));
  fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), item)), (steps) => {
    const line = new Line<Placed>();
    let model: Placed[] = [];
    for (const [adds, one] of steps) {
      const same = (other: Placed) => other.id === one.id;
      if (adds) {
        line.add(one);
        if (!model.some(same)) model.push(one);
      } else {
        expect(line.remove(one)).toBe(model.some(same));
        model = model.filter((other) => !same(other));
      }
      model.sort((a, b) => a.place - b.place || (a.id < b.id ? -1 : 1));
      expect([line.first, line.size]).toEqual([model[0], model.length]);
    }
  }));
});
