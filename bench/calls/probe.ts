/** Loaded into every Node process under test: says what it holds when it is asked over the IPC channel. */

export interface MemoryReport {
  readonly heapBytes: number;
  readonly rssBytes: number;
}

process.on('message', (asked) => {
  if (asked !== 'memory') return;
  global.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ heapBytes: heapUsed + external, rssBytes: rss } satisfies MemoryReport);
});
// Who measures is gone: nobody would end this process.
process.once('disconnect', () => process.exit(1));
// The process ends as it would without us.
process.channel?.unref();
