import { SystemClock, SystemEntropy } from './system.js';

it('fires timers of the real clock once, the earlier first, and none that was cancelled', async () => {
  const clock = new SystemClock();
  const fired: string[] = [];
  await new Promise<void>((resolve) => {
    clock.setTimer(30, () => { fired.push('later'); resolve(); });
    clock.setTimer(5, () => fired.push('earlier'));
    clock.setTimer(1, () => fired.push('cancelled')).cancel();
  });
  expect(fired).toEqual(['earlier', 'later']);
});

it('runs on the Node that the project depends on', () => {
  expect(Number(process.versions.node.split('.')[0])).toBeGreaterThanOrEqual(22);
});

it('draws different values, of the length asked for', () => {
  const entropy = new SystemEntropy();
  const drawn = Array.from({ length: 5_000 }, () => entropy.hex(13));
  expect(new Set(drawn).size).toBe(drawn.length);
  expect(drawn.every((hex) => /^[0-9a-f]{13}$/.test(hex))).toBe(true);
  expect(entropy.bytes(5_000)).toHaveLength(5_000);
  expect(entropy.uint32()).toBeLessThan(2 ** 32);
});
