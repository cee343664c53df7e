/** The value of an option for one object: DN over application over cluster over default. */
import type { Application, ClusterConfig } from './model.js';
import { OPTION_BY_NAME } from './options/catalogue.js';

export class OptionLookup {
  constructor(private readonly config: ClusterConfig, private readonly application: Application) {}

  /** @throws Error when there is no option of that name: a slip in our own code. */
  text(name: string, dn?: string): string {
    const definition = OPTION_BY_NAME.get(name);
    if (definition === undefined) throw new Error(`no option is called ${name}`);
    const own = dn === undefined ? undefined : this.config.dns.get(dn)?.options.get(name);
    return own ?? this.application.options.get(name) ?? this.config.options.get(name) ?? definition.default;
  }

  /** In the option's own unit; a duration in milliseconds. */
  number(name: string, dn?: string): number {
    return Number(this.text(name, dn));
  }

  flag(name: string, dn?: string): boolean {
    return this.text(name, dn) === 'true';
  }

  list(name: string, dn?: string): string[] {
    const text = this.text(name, dn);
    return text === '' ? [] : text.split(',');
  }
}
