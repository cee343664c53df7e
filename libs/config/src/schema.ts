/** The shape of a configuration file. Options are checked by their own table (options/catalogue.ts). */
import { z } from 'zod';
import { STORES_SCHEMA } from './stores.js';

const name = z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores');
const fqdn = z.string().regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,}$/i, 'must be a fully qualified domain name');
const address = z.string().regex(/^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:.]*)$/i, 'must be an IP address');
const port = z.number().int().min(0).max(65535);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const options = z.record(z.string(), scalar);
const busServer = z.string().regex(/^(nats|tls):\/\/[^\s]+$/, 'must be nats://host:port');
const numbers = z.union([z.string(), z.number()]).transform(String);

export const APPLICATION_TYPES = ['sip-proxy', 'sip-server', 'vq-server', 'router', 'dns-server', 'console', 'recorder'] as const;
export const DN_TYPES = ['Extension', 'RoutingPoint', 'VirtualQueue', 'Trunk'] as const;

/** Who may use a console's API. The file has a hash of each key, never the key. */
const apiKey = z.strictObject({
  name,
  sha256: z.string().regex(/^[0-9a-f]{64}$/i, 'must be the SHA-256 of the key, 64 hex digits: printf %s "$KEY" | sha256sum'),
  role: z.enum(['admin', 'viewer']),
  divisions: z.array(z.string().regex(/^[^\p{Cc}]{0,64}$/u, 'must be the name of a division, 64 characters at most')).max(1_000).optional(),
});

const application = z.strictObject({
  type: z.enum(APPLICATION_TYPES).optional(),
  'backup-of': name.optional(),
  'geo-location': name.optional(),
  'server-id': z.number().int().min(1).max(4095).optional(),
  host: address.default('127.0.0.1'),
  'host-name': fqdn.optional(),
  ports: z.record(z.string(), port).default({}),
  'routing-points': z.array(numbers).optional(),
  'api-keys': z.array(apiKey).max(1_000).optional(),
  options: options.optional(),
}).refine((entry) => entry.type !== undefined || entry['backup-of'] !== undefined,
  { path: ['type'], message: `must be one of: ${APPLICATION_TYPES.join(', ')}` });

const dn = z.strictObject({
  number: numbers.optional(),
  numbers: numbers.optional(),
  type: z.enum(DN_TYPES),
  options: options.default({}),
}).refine((entry) => (entry.number === undefined) !== (entry.numbers === undefined),
  'needs either "number" or "numbers" (a range such as 7001-7050)');

const person = z.strictObject({
  employee: numbers.optional(),
  employees: numbers.optional(),
  skills: z.record(z.string(), z.number().int().min(0).max(1000)).default({}),
}).refine((entry) => (entry.employee === undefined) !== (entry.employees === undefined),
  'needs either "employee" or "employees" (a range such as agent7001-agent7050)');

export const FILE_SCHEMA = z.strictObject({
  switch: z.strictObject({
    name,
    'access-point': fqdn,
    'external-contact': fqdn,
    options: options.default({}),
  }),
  bus: z.strictObject({
    driver: z.enum(['memory', 'nats']).default('memory'),
    servers: z.array(busServer).default([]),
    'data-centres': z.record(name, z.strictObject({
      servers: z.array(busServer).min(1, 'needs at least one server, nats://host:port'),
      domain: name.optional(),
    })).default({}),
  }).default({ driver: 'memory', servers: [], 'data-centres': {} }),
  stores: STORES_SCHEMA,
  applications: z.record(name, application),
  dns: z.array(dn).default([]),
  persons: z.array(person).default([]),
});

export type ConfigFile = z.infer<typeof FILE_SCHEMA>;

/** Port ids each application type may open. */
export const PORT_IDS: Readonly<Record<(typeof APPLICATION_TYPES)[number], readonly string[]>> = {
  'sip-proxy': ['sip', 'sips', 'http'],
  'sip-server': ['sip', 'default', 'TCport', 'IPport', 'SmartProxy', 'http'],
  'vq-server': ['default', 'http'],
  router: ['http'],
  'dns-server': ['dns', 'http'],
  console: ['http'],
  recorder: ['http'],
};
