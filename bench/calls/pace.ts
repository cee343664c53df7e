/** Starts `count` operations evenly, `perSecond` of them, and waits until each has said that it is over. */

export interface Pace {
  readonly count: number;
  readonly perSecond: number;
  /** Between operations the load sleeps: for times of a process that does so too. */
  readonly sleeps?: boolean;
}

/** `over` is called once, at the end of the operation; `problem` says what went wrong. */
export type Operation = (over: (problem?: string) => void) => void;

const TICK_MS = 2;
/** A machine that stood still for a while goes on where it stopped; it gets no burst that no buffer could take. */
const IN_FLIGHT_MAX = 400;
/** An operation that has not ended by itself after so long has failed. */
const PATIENCE_MS = 8_000;

/** Answers how many did not end well. The first one is shown. */
export function pace({ count, perSecond, sleeps = false }: Pace, start: Operation): Promise<number> {
  return new Promise((resolve) => {
    let begunMs = performance.now();
    let started = 0;
    let over = 0;
    let failed = 0;
    let lastMs = begunMs;
    const sleep = sleeps ? () => undefined : staysAwake();
    const ended = (problem?: string) => {
      over += 1;
      lastMs = performance.now();
      if (problem === undefined) return;
      failed += 1;
      if (failed === 1) console.log(`    failed: ${problem}`);
    };
    const ticker = setInterval(() => {
      const nowMs = performance.now();
      const due = Math.min(count, Math.floor((nowMs - begunMs) * perSecond / 1_000));
      while (started < due && started - over < IN_FLIGHT_MAX) {
        started += 1;
        start(ended);
      }
      if (started < due) begunMs = nowMs - started * 1_000 / perSecond;
      const isSilent = started - over > 0 && nowMs - lastMs > PATIENCE_MS;
      if (over < count && !isSilent) return;
      clearInterval(ticker);
      sleep();
      if (isSilent) console.log(`    ${started - over} got no answer`);
      resolve(count - over + failed);
    }, TICK_MS);
  });
}

/**
 * The load never sleeps while it runs: to wake a halted processor costs the sender of a datagram up to ten times the sending
 * itself (most of all in virtual machines), and would be counted as CPU time of whoever answers late.
 */
function staysAwake(): () => void {
  let isAwake = true;
  const turn = () => {
    if (isAwake) setImmediate(turn);
  };
  turn();
  return () => { isAwake = false; };
}
