/** Which queues an agent serves, by configuration (docs/specs/limits.md, "Slots"). Pure. */
import { type ClusterConfig, OptionLookup } from '#config';

/** Skills by queue: option `queue-skills`, else the skill of the routers that serve the Routing Point, or fill the virtual queue. */
export function queueSkills(config: ClusterConfig): ReadonlyMap<string, ReadonlySet<string>> {
  const skills = new Map<string, Set<string>>();
  const add = (queue: string, ...more: string[]): void => {
    const known = skills.get(queue) ?? new Set<string>();
    for (const skill of more) known.add(skill);
    skills.set(queue, known);
  };
  for (const router of config.applications) {
    if (router.type !== 'router') continue;
    const options = new OptionLookup(config, router);
    for (const queue of [...router.routingPoints, options.text('virtual-queue')]) if (queue !== '') add(queue, options.text('skill'));
  }
  for (const { number, type, options } of config.dns.values()) {
    const written = type === 'RoutingPoint' || type === 'VirtualQueue' ? options.get('queue-skills') : undefined;
    if (written !== undefined) skills.set(number, new Set(written.split(',').map((skill) => skill.trim()).filter((skill) => skill !== '')));
  }
  return skills;
}

/** Queues of which the agent has a skill. */
export function queuesOfAgent(config: Pick<ClusterConfig, 'persons'>, skills: ReadonlyMap<string, ReadonlySet<string>>, agentID: string): readonly string[] {
  const own = config.persons.get(agentID)?.skills;
  if (own === undefined) return [];
  return [...skills].filter(([, wanted]) => [...wanted].some((skill) => (own.get(skill) ?? 0) > 0)).map(([queue]) => queue);
}
