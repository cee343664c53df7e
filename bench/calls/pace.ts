/** Starts `count` operations evenly, `perSecond` of them, and waits until each has said that it is over. */

const TICK_MS = 2;
/** An operation that has not ended by itself after so long has failed. */
const PATIENCE_MS = 8_000;

/** Answers how many did not end well. `start` is given what to call, once, at the end. */
export function pace(count: number, perSecond: number, start: (over: (good: boolean) => void) => void): Promise<number> {
  return new Promise((resolve) => {
    const beginMs = performance.now();
    let started = 0;
    let good = 0;
    let bad = 0;
    let patience: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(patience);
      resolve(count - good);
    };
    const over = (well: boolean) => {
      if (well) good += 1;
      else bad += 1;
      if (good + bad === count) end();
    };
    const ticker = setInterval(() => {
      const due = Math.min(count, Math.floor((performance.now() - beginMs) * perSecond / 1_000));
      for (; started < due; started += 1) start(over);
      if (started < count) return;
      clearInterval(ticker);
      if (good + bad < count) patience = setTimeout(end, PATIENCE_MS);
    }, TICK_MS);
  });
}
