/** Index of the first of these sorted names that comes after `name`; their number when none does. */
export function firstAfter(sorted: readonly string[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) > name) high = middle;
    else low = middle + 1;
  }
  return low;
}
