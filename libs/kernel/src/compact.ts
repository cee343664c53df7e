/** A copy that stands alone: a piece cut from a message holds the whole message in memory. */
export function compact(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
