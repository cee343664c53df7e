/** What a drill needs of a running cluster: who runs, and how to harm it. Drivers: local processes, docker compose. */
import type { Service } from '../machines/process-view.js';

/** One thing done to the cluster. Names are those of processes; `between` names two data centres. */
export type FaultAction =
  | { readonly kind: 'kill' | 'terminate' | 'start' | 'pause' | 'resume'; readonly process: string }
  | { readonly kind: 'cut' | 'heal'; readonly between: readonly [string, string] }
  | { readonly kind: 'slow'; readonly between: readonly [string, string]; readonly delayMs: number }
  /** Starts a process that does not run with a clock that is wrong by so much. */
  | { readonly kind: 'startSkewed'; readonly process: string; readonly offsetMs: number };

export interface ClusterMember {
  /** As the topology calls it: a process of the state file, a service of the compose file. */
  readonly name: string;
  readonly serves: Service;
  readonly dataCentre: string;
  /** Of the configuration; absent for servers such as NATS. */
  readonly application?: string | undefined;
}

export interface Topology {
  readonly kind: 'processes' | 'compose';
  /** Path of the configuration that its applications run. */
  readonly config: string;
  readonly members: readonly ClusterMember[];
  /** Pairs of data centres whose link can be cut. */
  readonly links: readonly (readonly [string, string])[];
  /** Why it cannot be done here; undefined when it can. */
  refuses(action: FaultAction): string | undefined;
  /** Resolves when it is done; for `start` when the process says that it is ready. @throws Error with a sentence */
  perform(action: FaultAction): Promise<void>;
}

/** What undoes it; undefined when nothing is left to undo. */
export function reverseOf(action: FaultAction): FaultAction | undefined {
  switch (action.kind) {
    case 'kill':
    case 'terminate': return { kind: 'start', process: action.process };
    case 'pause': return { kind: 'resume', process: action.process };
    case 'cut':
    case 'slow': return { kind: 'heal', between: action.between };
    case 'start':
    case 'startSkewed':
    case 'resume':
    case 'heal': return undefined;
  }
}

/** What the action is about, to find what it undoes. */
export const subjectOf = (action: FaultAction): string => ('process' in action ? action.process : action.between.join(' - '));
