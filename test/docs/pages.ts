/** Pages that are made from the tables the code runs on. */
import { expectation, OPTIONS } from '#config';
import { asyncApiPage } from './asyncapi.js';
import { protocolPage } from './protocol.js';

/** By file name under docs/. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'configuration.md': configurationPage, 'tlib-protocol.md': protocolPage, 'asyncapi.yaml': asyncApiPage,
};

/** docs/configuration.md */
function configurationPage(): string {
  const rows = [...OPTIONS].sort((a, b) => (a.name < b.name ? -1 : 1)).map((option) => {
    const fallback = option.default === '' ? '-' : `\`${option.default}\``;
    return `| \`${option.name}\` | ${expectation(option.type).replaceAll('|', '\\|')} | ${fallback} | ${option.levels.join(', ')} | ${option.meaning} |`;
  });
  return `${CONFIGURATION_HEAD}\n| option | value | default | may stand at | what it does |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
}

const CONFIGURATION_HEAD = `# Configuration

\`npm start -- --config FILE\` runs a configuration; \`npx cordboard check FILE\` says what is wrong with one, with file, line, option and allowed values.
[config/laptop.yaml](../config/laptop.yaml) is a complete example. This page is made by \`npm run docs\`.

- **switch**: \`name\`, \`access-point\` (the SRV name phones register at), \`external-contact\` (for devices without SRV), \`options\`.
- **bus**: \`driver\` \`memory\` (one process) or \`nats\` with \`servers\`, or with \`data-centres\` when each has servers of its own: for each \`servers\` and
  the JetStream \`domain\`, by default the name of the data centre. A process then says by \`--app\` which application it is.
- **stores**: \`location\` and \`limiter\` with \`driver\` \`memory\`, or \`redis\` with \`data-centres\`, for each the URL of its server,
  \`redis://[user:password@]host:port\` (\`rediss://\` for TLS); \`history\` with \`driver\` \`sqlite\` and \`file\`, or \`cassandra\` with \`keyspace\`,
  \`user\`, \`password\` and \`data-centres\`, for each its \`contact-points\` (host:port) and \`replicas\` ([stores](specs/stores.md)).
  Call limits count what is in one limiter store: give all data centres the URL of one Redis, since with several each counts alone, and with \`memory\` each
  process; \`npx cordboard check\` says so.
- **applications**: by name; \`type\` (sip-proxy, sip-server, vq-server, router, dns-server, console, recorder), \`geo-location\`, \`host\`, \`host-name\`,
  \`server-id\`, \`ports\`, \`routing-points\` (router), \`options\`. Only ports that are written listen.
  \`server-id\` is a number from 1 to 4095, by default the place in the file; no two sip-servers may have the same, now or later: ConnIDs, Contacts and
  the epochs of owners tell nodes apart by it.
  \`backup-of: NAME\` makes an application the other half of the sip-server or vq-server NAME ([pairs](specs/pairs.md)): it has a \`host\` and, where they
  differ, \`ports\` of its own, everything else is NAME's.
  \`api-keys\` (console) is a list of who may use its API: \`name\` (in the audit), \`sha256\` of the key (\`printf %s "$KEY" | sha256sum\`), \`role\`
  \`admin\` or \`viewer\` (reads), \`divisions\` (rules of call limits of these alone; left out: of all).
  The option \`api-key\` is one more admin, called \`api-key\`.
- **dns**: \`number\` or \`numbers\` (a range such as 7001-7050), \`type\` (Extension, RoutingPoint, VirtualQueue, Trunk), \`options\`;
  \`\${number}\` in a value stands for the DN.
- **persons**: \`employee\` or \`employees\`, \`skills\`.

An option is looked up at the DN, then the application, then the switch, then its default. A duration is written with its unit (\`300 msec\`) and shown
here in milliseconds.
`;
