export type { AdminCommands, Listening, RunningTier, StartTier, TierPorts } from './tier.js';
