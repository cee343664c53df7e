/** docs/asyncapi.yaml: AsyncAPI 3.0 of the T-Library-like protocol, from the catalogue that the servers check by. */
import { stringify } from 'yaml';
import {
  ACCEPTED, type AttributeRule, type AttributeType, ENUMS, EVENT_RULES, OPENING, PORT_NAMES, REQUEST_RULES, sentBy, type ServerRole,
} from '#tlib';

const PORTS: Readonly<Record<ServerRole, number>> = {
  SessionController: 7000, TController: 7001, InteractionProxy: 7002, SmartProxy: 7003, VirtualQueue: 7010,
};
const ROLES = Object.keys(PORTS) as ServerRole[];

const ref = (path: string) => ({ $ref: `#/${path}` });

export function asyncApiPage(): string {
  return `# Made by "npm run docs" from libs/tlib/src/messages.\n${stringify(asyncApi(), { lineWidth: 140, aliasDuplicateObjects: false })}`;
}

export function asyncApi(): object {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Cordboard T-Library-like protocol',
      version: '1.0.0',
      description: 'One JSON object per line over TCP. docs/tlib-protocol.md says how a connection opens, lives and is resumed.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: byRole((role) => ({
      host: `127.0.0.1:${PORTS[role]}`, protocol: 'tcp', description: `${PORT_NAMES[role]}, as config/laptop.yaml has it`,
    })),
    channels: byRole(channel),
    operations: Object.fromEntries(ROLES.flatMap(operations)),
    components: { messages: messages(), schemas: schemas() },
  };
}

const byRole = (make: (role: ServerRole) => object) => Object.fromEntries(ROLES.map((role) => [role, make(role)]));

function channel(role: ServerRole): object {
  const names = [OPENING, ...ACCEPTED[role], ...sentBy(role), 'AddpPing', 'AddpPong'];
  return {
    address: null,
    description: 'A TCP connection; messages are lines.',
    servers: [ref(`servers/${role}`)],
    messages: Object.fromEntries(names.map((name) => [name, ref(`components/messages/${name}`)])),
  };
}

function operations(role: ServerRole): [string, object][] {
  const at = (name: string) => ref(`channels/${role}/messages/${name}`);
  const requests = [OPENING, ...ACCEPTED[role]].map((msg): [string, object] => {
    const rule = REQUEST_RULES.get(msg)!;
    return [`${role}.${msg}`, {
      action: 'receive', channel: ref(`channels/${role}`), summary: rule.does, messages: [at(msg)],
      reply: { channel: ref(`channels/${role}`), messages: [...rule.answers, 'EventError'].map(at) },
    }];
  });
  return [
    ...requests,
    [`${role}.events`, {
      action: 'send', channel: ref(`channels/${role}`), summary: 'What is told unasked, as far as the client registered for it.',
      messages: [...sentBy(role)].map(at),
    }],
    [`${role}.keepAlive`, {
      action: 'receive', channel: ref(`channels/${role}`), summary: 'Either side may ask.', messages: [at('AddpPing')],
      reply: { channel: ref(`channels/${role}`), messages: [at('AddpPong')] },
    }],
  ];
}

function messages(): Record<string, object> {
  const served = [...REQUEST_RULES.values()].filter((rule) => rule.unserved === undefined);
  return Object.fromEntries([
    ...served.map(({ msg, does, attributes }) => [msg, message(msg, does, attributes)] as const),
    ...[...EVENT_RULES.values()].map(({ msg, when, attributes }) => [msg, message(msg, when, attributes)] as const),
    ...['AddpPing', 'AddpPong'].map((msg) => [msg, message(msg, 'Keep-alive.', [{ name: 'n', type: 'int', required: true, meaning: '' }])] as const),
  ]);
}

function message(name: string, summary: string, attributes: readonly AttributeRule[]): object {
  return {
    name,
    ...(summary === '' ? {} : { summary }),
    payload: {
      type: 'object',
      required: ['msg', ...attributes.filter((rule) => rule.required).map((rule) => rule.name)],
      properties: {
        msg: { const: name },
        ...Object.fromEntries(attributes.map((rule) => [rule.name, typeSchema(rule.type)])),
      },
    },
  };
}

function typeSchema(type: AttributeType): object {
  switch (type) {
    case 'int': return { type: 'integer' };
    case 'string': return { type: 'string' };
    case 'flag': return { type: 'boolean' };
    case 'strings': return { type: 'array', items: { type: 'string' } };
    case 'ConnID': return ref('components/schemas/ConnID');
    case 'time': return ref('components/schemas/Time');
    case 'kvlist': return ref('components/schemas/KVList');
    default: return ref(`components/schemas/${type}`);
  }
}

function schemas(): Record<string, object> {
  const value = { oneOf: [{ type: 'string' }, { type: 'integer' }, ref('components/schemas/KVList')] };
  return {
    ConnID: { type: 'string', pattern: '^[0-9a-f]{16}$' },
    Time: { type: 'object', required: ['sec', 'usec'], properties: { sec: { type: 'integer' }, usec: { type: 'integer', minimum: 0, maximum: 999_999 } } },
    KVList: {
      description: 'An object, or an array of [key, value] pairs where keys repeat.',
      oneOf: [
        { type: 'object', additionalProperties: value },
        { type: 'array', items: { type: 'array', minItems: 2, maxItems: 2 } },
      ],
    },
    ...Object.fromEntries(Object.entries(ENUMS).map(([name, values]) => [name, { type: 'string', enum: [...values] }])),
  };
}
