/** Reads a configuration file into the model, or says everything that is wrong with it. The only place that reads one. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import { busProblems, readBus } from './bus.js';
import { ConfigError, type ConfigProblem } from './errors.js';
import type { Application, ClusterConfig, DnConfig, Options, Person } from './model.js';
import { FIXED, MISSPELLINGS, OPTION_BY_NAME } from './options/catalogue.js';
import { acceptValue, expectation, type OptionLevel } from './options/option.js';
import { type Halves, joinHalves, pairsIn, processName } from './pairs.js';
import { expandRange } from './range.js';
import { type ConfigFile, FILE_SCHEMA, PORT_IDS } from './schema.js';
import { readStores, storesProblems } from './stores.js';
import { nearest } from './suggest.js';

type Path = readonly (string | number)[];

export interface LoadedConfig {
  readonly config: ClusterConfig;
  /** Accepted but worth a look: options with one behaviour only, settings that DNS and SIP disagree on (DNS-06). */
  readonly warnings: readonly string[];
}

/**
 * @param listen when given, every listener binds this address, whatever the file says
 * @throws ConfigError naming file, line, option and what is allowed
 */
export function loadConfig(file: string, listen?: string): LoadedConfig {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(file, [{ line: 1, column: 1, path: '-', message: `cannot be read: ${(cause as Error).message}` }]);
  }
  return parseConfig(source, resolve(file), listen);
}

export function parseConfig(source: string, file: string, listen?: string): LoadedConfig {
  const reader = new ConfigReader(source, file);
  return reader.read(listen);
}

class ConfigReader {
  readonly #lines = new LineCounter();
  readonly #document: Document;
  readonly #problems: ConfigProblem[] = [];
  readonly #warnings: string[] = [];

  constructor(source: string, private readonly file: string) {
    this.#document = parseDocument(source, { lineCounter: this.#lines, uniqueKeys: true });
  }

  read(listen: string | undefined): LoadedConfig {
    for (const error of this.#document.errors) {
      const { line, col } = this.#lines.linePos(error.pos[0]);
      this.#problems.push({ line, column: col, path: '-', message: error.message.split('\n')[0] as string });
    }
    this.#failOnProblems();
    const parsed = FILE_SCHEMA.safeParse(this.#document.toJS());
    if (!parsed.success) {
      for (const issue of parsed.error.issues) this.#shapeProblem(issue.path as Path, issue);
      throw new ConfigError(this.file, this.#problems);
    }
    const config = this.#model(parsed.data, listen);
    this.#checkApplications(config);
    this.#failOnProblems();
    return { config, warnings: this.#warnings };
  }

  #model(data: ConfigFile, listen: string | undefined): ClusterConfig {
    const accessPoint = data.switch['access-point'].toLowerCase();
    const { applications, backups } = this.#applications(data.applications, accessPoint, listen);
    return {
      listen,
      file: this.file,
      directory: dirname(this.file),
      switchName: data.switch.name,
      accessPoint,
      externalContact: data.switch['external-contact'].toLowerCase(),
      options: this.#options(['switch', 'options'], data.switch.options, 'cluster'),
      applications,
      backups,
      dns: this.#dns(data.dns),
      persons: this.#persons(data.persons),
      bus: readBus(data.bus),
      stores: readStores(data.stores),
    };
  }

  #applications(entries: ConfigFile['applications'], accessPoint: string, listen: string | undefined): Halves {
    const firstOf = pairsIn(entries, (name, key, message) => this.#problem(['applications', name, key], message));
    const firsts = Object.entries(entries).flatMap(([name, entry], index): Application[] => {
      const { type } = entry;
      if (type === undefined || entry['backup-of'] !== undefined) return [];
      return [{
        name,
        type,
        geoLocation: entry['geo-location'] ?? 'dc1',
        host: listen ?? entry.host,
        hostName: (entry['host-name'] ?? `${name.toLowerCase().replaceAll('_', '-')}.${accessPoint}`).toLowerCase(),
        ports: this.#ports(name, type, entry.ports),
        serverId: entry['server-id'] ?? index + 1,
        options: this.#options(['applications', name, 'options'], entry.options ?? {}, type),
        routingPoints: entry['routing-points'] ?? [],
        ...this.#apiKeys(name, type, entry['api-keys']),
      }];
    });
    return joinHalves(firsts, firstOf, (name, { type, ports }) => {
      const entry = entries[name] as ConfigFile['applications'][string];
      const own = this.#ports(name, type, entry.ports);
      for (const id of own.keys()) {
        if (!ports.has(id)) this.#problem(['applications', name, 'ports', id], `${firstOf.get(name)} opens no such port; add it there`);
      }
      return { host: listen ?? entry.host, ports: own };
    });
  }

  #apiKeys(name: string, type: Application['type'], written: ConfigFile['applications'][string]['api-keys']): Pick<Application, 'apiKeys'> {
    if (written === undefined) return {};
    const wrong = (at: (string | number)[], message: string) => this.#problem(['applications', name, 'api-keys', ...at], message);
    if (type !== 'console') wrong([], `has no meaning at a ${type}; only a console has an API`);
    const keys = written.map(({ name: who, sha256, role, divisions }) =>
      ({ name: who, sha256: sha256.toLowerCase(), role, ...(divisions === undefined ? {} : { divisions }) }));
    keys.forEach(({ name: who, sha256 }, index) => {
      if (keys.findIndex((other) => other.name === who) < index) wrong([index, 'name'], `${who} stands twice; the audit tells people by their names`);
      if (keys.findIndex((other) => other.sha256 === sha256) < index) {
        wrong([index, 'sha256'], 'is the key of somebody else, too; give each a key of their own');
      }
    });
    return { apiKeys: keys };
  }

  #ports(name: string, type: Application['type'], ports: Record<string, number>): Map<string, number> {
    for (const id of Object.keys(ports)) {
      if (PORT_IDS[type].includes(id)) continue;
      this.#problem(['applications', name, 'ports', id], `a ${type} has no such port; it may open: ${PORT_IDS[type].join(', ')}`);
    }
    return new Map(Object.entries(ports));
  }

  #options(path: Path, written: Record<string, string | number | boolean>, level: OptionLevel): Map<string, string> {
    const accepted = new Map<string, string>();
    for (const [name, value] of Object.entries(written)) {
      const stored = this.#option([...path, name], name, String(value), level);
      if (stored !== undefined) accepted.set(name, stored);
    }
    return accepted;
  }

  #option(path: Path, name: string, value: string, level: OptionLevel): string | undefined {
    const definition = OPTION_BY_NAME.get(name);
    if (definition === undefined) {
      this.#unknownOption(path, name, level);
      return undefined;
    }
    if (!definition.levels.includes(level)) {
      this.#problem(path, `is not an option of ${level}; it may stand at: ${definition.levels.join(', ')}`);
      return undefined;
    }
    const stored = acceptValue(definition.type, value);
    if (stored === undefined) {
      const shown = definition.type.kind === 'text' && definition.type.secret === true ? 'its value' : JSON.stringify(value);
      this.#problem(path, `${shown} is not allowed; must be ${expectation(definition.type)}`);
    }
    return stored;
  }

  #unknownOption(path: Path, name: string, level: OptionLevel): void {
    const fixed = FIXED[name];
    if (fixed !== undefined) {
      const { line } = this.#position(path);
      this.#warnings.push(`${this.file}:${line}: ${name} has no effect: ${fixed}`);
      return;
    }
    const here = [...OPTION_BY_NAME.values()].filter((entry) => entry.levels.includes(level)).map((entry) => entry.name);
    const meant = MISSPELLINGS[name] ?? nearest(name, here);
    this.#problem(path, `unknown option${meant === undefined ? '' : `; did you mean ${meant}?`} Allowed here: ${here.join(', ')}`);
  }

  #dns(entries: ConfigFile['dns']): Map<string, DnConfig> {
    const dns = new Map<string, DnConfig>();
    entries.forEach((entry, index) => {
      const range = expandRange(entry.number ?? entry.numbers as string);
      if (range === undefined) return this.#problem(['dns', index], 'the range is upside down or longer than 1000000');
      const template = this.#options(['dns', index, 'options'], entry.options, entry.type);
      for (const number of range) {
        if (dns.has(number)) this.#problem(['dns', index], `DN ${number} is already defined above`);
        dns.set(number, { number, type: entry.type, options: forNumber(template, number) });
      }
    });
    return dns;
  }

  #persons(entries: ConfigFile['persons']): Map<string, Person> {
    const persons = new Map<string, Person>();
    entries.forEach((entry, index) => {
      const range = expandRange(entry.employee ?? entry.employees as string);
      if (range === undefined) return this.#problem(['persons', index], 'the range is upside down or longer than 1000000');
      const skills = new Map(Object.entries(entry.skills));
      for (const employeeId of range) {
        if (persons.has(employeeId)) this.#problem(['persons', index], `employee ${employeeId} is already defined above`);
        persons.set(employeeId, { employeeId, skills });
      }
    });
    return persons;
  }

  /** What one line alone does not show: doubled listeners and server ids, proxies with different SIP ports (PRX-16). */
  #checkApplications(config: ClusterConfig): void {
    const listeners = new Map<string, string>();
    const serverIds = new Map<number, string>();
    let proxyPort: number | undefined;
    for (const application of [...config.applications, ...config.backups]) {
      const { host, ports } = application;
      const process = processName(application);
      for (const [id, port] of ports) {
        const key = `${host}:${port}`;
        const other = listeners.get(key);
        if (port !== 0 && other !== undefined) this.#problem(['applications', process, 'ports', id], `${key} is already taken by ${other}`);
        listeners.set(key, `${process} ${id}`);
      }
    }
    for (const { name, type, ports, serverId } of config.applications) {
      if (type === 'sip-server') {
        const other = serverIds.get(serverId);
        if (other !== undefined) {
          const message = `${serverId} is already the server-id of ${other}; ConnIDs would collide`;
          this.#problem(['applications', name, 'server-id'], message);
        }
        serverIds.set(serverId, name);
      }
      if (type === 'sip-proxy') {
        const port = ports.get('sip');
        if (proxyPort !== undefined && port !== proxyPort) {
          const message = `must be ${proxyPort}, as on the other proxies: one SRV name means one port`;
          this.#problem(['applications', name, 'ports', 'sip'], message);
        }
        proxyPort ??= port;
      }
    }
    for (const [path, message] of busProblems(config)) this.#problem(['bus', ...path], message);
    for (const [path, message] of storesProblems(config)) this.#problem(['stores', ...path], message);
  }

  #shapeProblem(path: Path, issue: { code?: string; message: string; keys?: string[] }): void {
    if (issue.code === 'unrecognized_keys' && issue.keys !== undefined) {
      for (const key of issue.keys) this.#problem([...path, key], 'is not known here; remove it or check its spelling and indentation');
      return;
    }
    this.#problem(path, issue.message);
  }

  #problem(path: Path, message: string): void {
    this.#problems.push({ ...this.#position(path), path: path.length === 0 ? '-' : path.join('.'), message });
  }

  /** Where the innermost part of `path` that exists stands. */
  #position(path: Path): { line: number; column: number } {
    for (let depth = path.length; depth > 0; depth -= 1) {
      const parent = depth === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, depth - 1), true);
      const offset = keyOffset(parent, path[depth - 1] as string | number);
      if (offset !== undefined) {
        const { line, col } = this.#lines.linePos(offset);
        return { line, column: col };
      }
    }
    return { line: 1, column: 1 };
  }

  #failOnProblems(): void {
    if (this.#problems.length > 0) throw new ConfigError(this.file, this.#problems);
  }
}

/** Offset of a key in a YAML map, or of an element of a list. */
function keyOffset(parent: unknown, key: string | number): number | undefined {
  if (!isNode(parent) || !('items' in parent)) return undefined;
  for (const [index, item] of (parent.items as unknown[]).entries()) {
    if (isNode(item)) {
      if (index === key) return item.range?.[0];
      continue;
    }
    const pair = item as { key?: { value?: unknown; range?: readonly number[] } };
    if (String(pair.key?.value) === String(key)) return pair.key?.range?.[0];
  }
  return undefined;
}

/** `${number}` in a value stands for the DN. */
function forNumber(template: Options, number: string): Options {
  let own: Map<string, string> | undefined;
  for (const [name, value] of template) {
    if (!value.includes('${number}')) continue;
    own ??= new Map(template);
    own.set(name, value.replaceAll('${number}', number));
  }
  return own ?? template;
}
