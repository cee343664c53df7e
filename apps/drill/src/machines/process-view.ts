/** Who runs in the cluster, as a drill's plan sees it. */

export type Service =
  | 'node' | 'session-controller' | 't-controller' | 'smart-proxy' | 'sip-proxy' | 'vq-server' | 'router' | 'recorder' | 'dns-server' | 'console'
  | 'nats' | 'redis' | 'cassandra';

export interface ProcessView {
  readonly name: string;
  /** `node`: a process with all three tiers of a sip-server. */
  readonly serves: Service;
  readonly dataCentre: string;
  /** Whether it does its node's work now; false for the backup of a pair. */
  readonly isPrimary: boolean;
}

/** Our own processes, in the order in which they are upgraded: first who is asked, last who asks. */
export const UPGRADED: readonly Service[] = [
  'node', 't-controller', 'session-controller', 'smart-proxy', 'vq-server', 'sip-proxy', 'router', 'recorder', 'dns-server', 'console',
];
