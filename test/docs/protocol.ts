/** docs/tlib-protocol.md: the text of templates/tlib-protocol.md, the catalogue, and the golden exchanges. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  ACCEPTED, type AttributeRule, ATTRIBUTES, type AttributeType, ENUMS, ERROR_MEANINGS, EVENT_RULES, OPENING, PORT_NAMES, REQUEST_RULES, sentBy,
  type ServerRole, TError,
} from '#tlib';
import { type GoldenExchange, type GoldenSession, goldenSessions } from '../golden/golden-file.js';

/** The repository, from the source as well as from the built tree. */
const ROOT = ['../../', '../../../'].map((up) => fileURLToPath(new URL(up, import.meta.url))).find((path) => existsSync(`${path}package.json`)) as string;
const ROLES = Object.keys(ACCEPTED) as ServerRole[];

export function protocolPage(): string {
  const golden = goldenSessions(`${ROOT}libs/tlib/golden`);
  return read('test/docs/templates/tlib-protocol.md').replace(/\{\{(\w+)(?: ([^}]*))?\}\}/g, (_, name: string, about = '') => part(name, about, golden));
}

const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

function part(name: string, about: string, golden: readonly GoldenSession[]): string {
  switch (name) {
    case 'file': return read(about).trimEnd();
    case 'exchange': return exchange(about, golden).shown.join('\n');
    case 'session': return session(golden.find(({ file }) => file === about) as GoldenSession);
    case 'ports': return ports();
    case 'requests': return requests(golden);
    case 'events': return events();
    case 'attributes': return attributes();
    case 'enumerations': return table(['enumeration', 'values'], Object.entries(ENUMS).map(([each, values]) => [each, values.join(', ')]));
    case 'errors': return errors();
    case 'refused': return refused(golden);
    case 'unserved': return unserved();
    default: throw new Error(`the template asks for ${name}`);
  }
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');

function exchange(about: string, golden: readonly GoldenSession[]): GoldenExchange {
  const [file, title] = about.split(': ');
  const found = golden.find((each) => each.file === file)?.exchanges.find((each) => each.title === title);
  if (found === undefined) throw new Error(`there is no exchange ${about}`);
  return found;
}

function session({ intro, exchanges }: GoldenSession): string {
  const parts = exchanges.map(({ title, shown }) => `${title}:\n\n\`\`\`\n${shown.map((line) => line.replace(/^given: (.*)$/, '   ($1)')).join('\n')}\n\`\`\``);
  return `${intro}\n\n${parts.join('\n\n')}`;
}

const PORT_NUMBERS: Readonly<Record<ServerRole, string>> = {
  SessionController: '7000', TController: '7001', InteractionProxy: '7002', SmartProxy: '7003', VirtualQueue: '7010',
};
const PORT_EVENTS: Readonly<Record<ServerRole, string>> = {
  SessionController: 'calls of this node at registered Routing Points',
  TController: 'DNs that the client registered, wherever they are owned',
  InteractionProxy: 'all calls of this node, each to one of the clients',
  SmartProxy: 'DNs that the client registered, or all with `"*"`, wherever they are owned',
  VirtualQueue: 'registered virtual queues; reservations',
};

function ports(): string {
  return table(['port', 'on a laptop', 'ServerRole', 'requests', 'tells of'], ROLES.map((role) => [
    PORT_NAMES[role], PORT_NUMBERS[role], role,
    role === 'TController' ? 'all agent, call-control and supervision requests' : [...ACCEPTED[role]].map(short).join(', '), PORT_EVENTS[role],
  ]));
}

const short = (msg: string): string => msg.replace('Request', '');

/** What a golden exchange saw the port answer: the event's name, and its error message. */
function answersOf(golden: readonly GoldenSession[], role: ServerRole, msg: string): { msg: string; ErrorCode?: number; ErrorMessage?: string }[] {
  const lines = golden.filter((each) => each.role === role).flatMap((each) => each.exchanges).flatMap((each) => each.shown);
  const asked = new Set<number>();
  return lines.flatMap((line) => {
    if (!/^[<>] /.test(line)) return [];
    const message = JSON.parse(line.slice(2)) as { msg: string; ReferenceID?: number };
    if (line.startsWith('>')) {
      if (message.msg === msg) asked.add(message.ReferenceID as number);
      else if (message.msg === OPENING) asked.clear();
      return [];
    }
    return message.ReferenceID !== undefined && asked.has(message.ReferenceID) ? [message] : [];
  });
}

const isServed = (golden: readonly GoldenSession[], role: ServerRole, msg: string): boolean =>
  answersOf(golden, role, msg).some((answer) => answer.msg !== 'EventError');

function requests(golden: readonly GoldenSession[]): string {
  const served = [...REQUEST_RULES.values()].filter((rule) => rule.unserved === undefined);
  return table(['request', 'attributes', 'answered', 'at', 'does'], served.flatMap(({ msg, attributes: rules, answers, does }) => {
    const at = msg === OPENING ? ['every port, first'] : ROLES.filter((role) => ACCEPTED[role].has(msg) && isServed(golden, role, msg));
    return at.length === 0 ? [] : [[msg, words(rules, COMMON_REQUEST), answers.join(' or '), at.join(', '), does]];
  }));
}

function events(): string {
  return table(['event', 'attributes', 'at', 'when'], [...EVENT_RULES.values()].map(({ msg, attributes: rules, when }) => [
    msg, words(rules, COMMON_EVENT), ROLES.filter((role) => sentBy(role).has(msg)).map((role) => SHORT_ROLES[role]).join(', '), when,
  ])) + `\n\nPorts: ${ROLES.map((role) => `${SHORT_ROLES[role]} ${role}`).join(', ')}.`;
}

const SHORT_ROLES: Readonly<Record<ServerRole, string>> = {
  SessionController: 'SC', TController: 'TC', InteractionProxy: 'IP', SmartProxy: 'SP', VirtualQueue: 'VQ',
};
const COMMON_REQUEST: ReadonlySet<string> = new Set(['ReferenceID', 'Reasons', 'Extensions']);
const COMMON_EVENT: ReadonlySet<string> = new Set([...COMMON_REQUEST, 'EventSequenceNumber']);

const words = (rules: readonly AttributeRule[], without: ReadonlySet<string>): string =>
  rules.filter((rule) => !without.has(rule.name)).map((rule) => (rule.required ? rule.name : `${rule.name}?`)).join(' ') || '-';

const typeName = (type: AttributeType): string => ({ kvlist: 'KV-list', strings: 'array of strings' } as Partial<Record<AttributeType, string>>)[type] ?? type;

function attributes(): string {
  return table(['attribute', 'type', 'meaning'], Object.entries(ATTRIBUTES).map(([name, [type, meaning]]) => [name, typeName(type), meaning || '-']));
}

function refused(golden: readonly GoldenSession[]): string {
  const rows = ROLES.flatMap((role) => [...ACCEPTED[role]].flatMap((msg) => {
    const answers = answersOf(golden, role, msg);
    const error = answers.find((answer) => answer.msg === 'EventError');
    return error?.ErrorCode !== TError.UnsupportedOperation || answers.some((answer) => answer.msg !== 'EventError')
      ? [] : [[msg, role, error.ErrorMessage as string]];
  }));
  return table(['request', 'at', 'ErrorMessage'], rows);
}

function errors(): string {
  const rows = Object.entries(TError).map(([name, code]) => [String(code), name, ERROR_MEANINGS[name as keyof typeof TError]]);
  return table(['ErrorCode', 'name', 'meaning'], rows);
}

function unserved(): string {
  return table(['request', 'why'], [...REQUEST_RULES.values()].flatMap(({ msg, unserved: why }) => (why === undefined ? [] : [[msg, why]])));
}
