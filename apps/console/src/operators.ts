/** Asks instances of the cluster on behalf of an operator. */
import type { Bus, MembershipService } from '#cluster';
import type { Heartbeat } from '#telephony';
import { askAdmin } from '#tier';

export interface InstanceAnswer {
  readonly instance: string;
  readonly result?: object;
  /** Why there is no result. */
  readonly failed?: string;
}

export class Operators {
  constructor(private readonly bus: Bus, private readonly membership: MembershipService<Heartbeat>) {}

  instances(): readonly Heartbeat[] {
    return [...this.membership.members()].sort((a, b) => (a.instance < b.instance ? -1 : 1));
  }

  ask(instance: string, command: string, args: Readonly<Record<string, unknown>>): Promise<object> {
    return askAdmin(this.bus, instance, command, args);
  }

  /**
   * Every living instance that knows the command answers.
   *
   * @throws Error naming the commands there are, when none knows it
   */
  async askAll(command: string, args: Readonly<Record<string, unknown>>): Promise<readonly InstanceAnswer[]> {
    const commands = await this.commands();
    const knowing = [...commands].filter(([, names]) => names.includes(command)).map(([instance]) => instance);
    if (knowing.length === 0) {
      const known = [...new Set([...commands.values()].flat())].sort().join(', ');
      throw new Error(`no running instance knows "${command}"; commands: ${known}`);
    }
    return Promise.all(knowing.map((instance) => this.#answer(instance, command, args)));
  }

  /** Commands by instance. An instance that does not answer is left out. */
  async commands(): Promise<ReadonlyMap<string, readonly string[]>> {
    const answers = await Promise.all(this.instances().map(async ({ instance }) => {
      const { result } = await this.#answer(instance, 'help', {});
      return [instance, (result as { commands?: string[] } | undefined)?.commands ?? []] as const;
    }));
    return new Map(answers);
  }

  async #answer(instance: string, command: string, args: Readonly<Record<string, unknown>>): Promise<InstanceAnswer> {
    try {
      return { instance, result: await this.ask(instance, command, args) };
    } catch (error) {
      return { instance, failed: (error as Error).message };
    }
  }
}
