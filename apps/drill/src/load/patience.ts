/** Waiting with a limit, and many things a few at a time. */

/** @throws Error with `what` when it takes longer */
export async function before<T>(ms: number, wanted: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error(`${what} within ${ms / 1_000} s`)), ms); });
    return await Promise.race([wanted, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function atOnce<T>(count: number, items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      next += 1;
      await act(items[next - 1] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, worker));
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Looks again until it holds. Answers whether it does. */
export async function until(ms: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const untilMs = performance.now() + ms;
  while (!await holds()) {
    if (performance.now() > untilMs) return false;
    await pause(100);
  }
  return true;
}
