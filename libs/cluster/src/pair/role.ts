/** What a node is in its pair. Every node is primary until pairs exist. */
export type PairRole = 'primary' | 'backup';

export const PRIMARY: PairRole = 'primary';
