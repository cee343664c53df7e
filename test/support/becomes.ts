/** Waiting for what a running cluster comes to. */

const LOOK_MS = 25;

/** Asks until the answer fits, or for so long; the last answer then. What fits is for the test to say. */
export async function becomes<T>(ask: () => Promise<T>, fits: (answer: T) => boolean, patienceMs = 30_000): Promise<T> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (fits(answer) || performance.now() > untilMs) return answer;
    await new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
  }
}
