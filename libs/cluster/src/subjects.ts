/** Bus subjects of the cluster (architecture §5). The only place that spells them. */

/** A DN, node or data-centre name as one subject token: anything but letters, digits, `_` and `-` becomes `=` and two hex digits per byte. */
export function token(name: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(name)) return name;
  let escaped = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const char = String.fromCharCode(byte);
    escaped += /[A-Za-z0-9_-]/.test(char) ? char : `=${byte.toString(16).padStart(2, '0')}`;
  }
  return escaped === '' ? '=' : escaped;
}

/** The name a token stands for. */
export function untoken(escaped: string): string {
  if (escaped === '=') return '';
  if (!escaped.includes('=')) return escaped;
  const bytes: number[] = [];
  for (let i = 0; i < escaped.length; i += 1) {
    if (escaped[i] === '=') {
      bytes.push(Number.parseInt(escaped.slice(i + 1, i + 3), 16));
      i += 2;
    } else {
      bytes.push(escaped.charCodeAt(i));
    }
  }
  return Buffer.from(bytes).toString('utf8');
}

export const subjects = {
  /** To the DN's owner: call events from SCs, requests from other TCs. No subscriber = DN out of service. */
  dnCommand: (dn: string) => `cb.dn.${token(dn)}.cmd`,
  /** From the owner: sequenced T-events. */
  dnEvent: (dn: string) => `cb.dn.${token(dn)}.evt`,
  allDnEvents: 'cb.dn.*.evt',
  /** Claims and releases of ownership, heard by every TC and smart proxy. */
  dnOwner: (dn: string) => `cb.dn.${token(dn)}.own`,
  allDnOwners: 'cb.dn.*.own',
  /** Logins of an agent, heard by every TC: the agent is logged in once. */
  agentLogin: (agentID: string) => `cb.agent.${token(agentID)}.login`,
  allAgentLogins: 'cb.agent.*.login',
  /** Requests for calls of that node. */
  scCommand: (node: string) => `cb.sc.${token(node)}.cmd`,
  /** From the SC of a node, and from peers, to its TC: registrations, hand-overs. */
  tcCommand: (node: string) => `cb.tc.${token(node)}.cmd`,
  /** Request/reply: all DNs of a node, for (re)connecting TCs and smart proxies, and on a sequence gap. */
  tcSnapshot: (node: string) => `cb.tc.${token(node)}.snapshot`,
  /** Which DNs have a call on which SC, for proxies: keeps the calls of one DN together. */
  affinity: (dataCentre: string) => `cb.affinity.${token(dataCentre)}`,
  /** Between the halves: roles, and what is said about the replication. */
  pairSync: (pair: string) => `cb.pair.${token(pair)}.sync`,
  /** From the primary: the replication itself. Only a backup hears it, so that nobody is sent his own frames. */
  pairFrames: (pair: string) => `cb.pair.${token(pair)}.frames`,
  alive: (instance: string) => `cb.node.${token(instance)}.alive`,
  /** Operators' commands for one instance. Bus request. */
  admin: (instance: string) => `cb.admin.${token(instance)}`,
  /** Request/reply: how long a message takes to that instance and back. */
  poll: (instance: string) => `cb.node.${token(instance)}.poll`,
  allAlive: 'cb.node.*.alive',
  /** Registration deltas of a data centre. */
  location: (dataCentre: string) => `cb.location.${token(dataCentre)}`,
  allLocations: 'cb.location.*',
  /** Request/reply: all bindings that a proxy holds, for a starting peer. */
  locationSnapshot: (proxy: string) => `cb.location.${token(proxy)}.snapshot`,
  /** Request/reply: a change of the call limits, answered when the proxy has it. */
  limitsInForce: (proxy: string) => `cb.limits.${token(proxy)}.inforce`,
  /** Request/reply, from proxies to one recorder of their data centre: what call limits said of calls, answered when it is kept. */
  verdicts: (dataCentre: string) => `cb.verdicts.${token(dataCentre)}`,
} as const;
