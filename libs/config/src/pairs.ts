/** `backup-of`: two applications of the file that are one node of the cluster (docs/specs/pairs.md). */
import type { Application, PairHalf } from './model.js';
import type { ConfigFile } from './schema.js';

type Entry = ConfigFile['applications'][string];

/** Path below `applications.<name>`, and a sentence that says what to change. */
export type PairProblem = (name: string, key: string, message: string) => void;

/** Types that may be a pair. */
const PAIRED: readonly string[] = ['sip-server', 'vq-server'];
/** What both halves have in common, and the first says. */
const INHERITED = ['server-id', 'geo-location', 'options', 'routing-points', 'host-name'] as const;

export interface Halves {
  /** Nodes; what is half of a pair knows the other half. */
  readonly applications: readonly Application[];
  /** The second halves, each called as its node. */
  readonly backups: readonly Application[];
}

/** Names of second halves whose first half exists; others are reported. */
export function pairsIn(entries: ConfigFile['applications'], problem: PairProblem): ReadonlyMap<string, string> {
  const firstOf = new Map<string, string>();
  const taken = new Map<string, string>();
  for (const [name, entry] of Object.entries(entries)) {
    const first = entry['backup-of'];
    if (first === undefined) continue;
    const why = refusal(name, entry, first, entries, taken.get(first));
    if (why === undefined) {
      firstOf.set(name, first);
      taken.set(first, name);
    } else {
      problem(name, 'backup-of', why);
    }
    for (const key of INHERITED) {
      if (entry[key] !== undefined) problem(name, key, `is that of ${first} for both halves of the pair; remove it here`);
    }
  }
  return firstOf;
}

function refusal(
  name: string, entry: Entry, first: string, entries: ConfigFile['applications'], taken: string | undefined,
): string | undefined {
  const other = entries[first];
  if (first === name) return 'an application cannot be the backup of itself; name another one';
  if (other === undefined) return `there is no application ${first}; there are: ${Object.keys(entries).filter((each) => each !== name).join(', ')}`;
  if (other['backup-of'] !== undefined) return `${first} is itself the backup of ${other['backup-of']}; a pair has two halves`;
  if (taken !== undefined) return `${first} already has the backup ${taken}; a pair has two halves`;
  if (!PAIRED.includes(other.type ?? '')) return `${first} is a ${other.type}; only a ${PAIRED.join(' or a ')} can have a backup`;
  if (entry.type !== undefined && entry.type !== other.type) return `${first} is a ${other.type}, this one a ${entry.type}; leave the type out here`;
  return undefined;
}

/** Joins the halves. `half` reads what the second one of `first` says of itself. */
export function joinHalves(
  firsts: readonly Application[], firstOf: ReadonlyMap<string, string>, half: (name: string, first: Application) => Pick<Application, 'host' | 'ports'>,
): Halves {
  const secondOf = new Map([...firstOf].map(([second, first]) => [first, second]));
  const backups: Application[] = [];
  const applications = firsts.map((first) => {
    const second = secondOf.get(first.name);
    if (second === undefined) return first;
    const own = half(second, first);
    // A port number that the second half does not give is that of the first.
    const ports = new Map([...first.ports].map(([id, port]) => [id, own.ports.get(id) ?? port]));
    const here: PairHalf = { process: first.name, host: first.host, ports: first.ports };
    const there: PairHalf = { process: second, host: own.host, ports };
    backups.push({ ...first, host: own.host, ports, pair: { isBackup: true, own: there, other: here } });
    return { ...first, pair: { isBackup: false, own: here, other: there } };
  });
  return { applications, backups };
}

/** What the process of an application is called: its name in the file, which for a second half is not that of its node. */
export function processName({ name, pair }: Application): string {
  return pair?.own.process ?? name;
}

export interface PortAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a port of the node may be reached: one address, or those of both halves, of which the primary listens. None when it is not configured. */
export function portAddresses({ host, ports, pair }: Application, id: string): readonly PortAddress[] {
  const halves = pair === undefined ? [{ host, ports }] : [pair.own, pair.other];
  return halves.flatMap((half) => {
    const port = half.ports.get(id);
    return port === undefined ? [] : [{ host: half.host, port }];
  });
}
