/** Pages that are made from the tables the code runs on. */
import { expectation, OPTIONS } from '#config';
import { ACCEPTED, describeType, ENUMS, REQUEST_RULES, TError } from '#tlib';

/** docs/configuration.md */
export function configurationPage(): string {
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
- **bus**: \`driver\` \`memory\` (one process) or \`nats\` with \`servers\`.
- **applications**: by name; \`type\` (sip-proxy, sip-server, vq-server, router, dns-server, console), \`geo-location\`, \`host\`, \`host-name\`,
  \`server-id\`, \`ports\`, \`routing-points\` (router), \`options\`. Only ports that are written listen.
- **dns**: \`number\` or \`numbers\` (a range such as 7001-7050), \`type\` (Extension, RoutingPoint, VirtualQueue, Trunk), \`options\`;
  \`\${number}\` in a value stands for the DN.
- **persons**: \`employee\` or \`employees\`, \`skills\`.

An option is looked up at the DN, then the application, then the switch, then its default. A duration is written with its unit (\`300 msec\`) and shown
here in milliseconds.
`;

/** docs/tlib-protocol.md */
export function protocolPage(): string {
  const requests = [...REQUEST_RULES.values()].map(({ msg, attributes }) => {
    const ports = Object.entries(ACCEPTED).filter(([, accepted]) => accepted.has(msg)).map(([role]) => role).join(', ') || 'every port, first';
    const needed = attributes.filter((rule) => rule.required).map((rule) => `${rule.name} (${typeName(rule.type)})`);
    const others = attributes.filter((rule) => !rule.required && !COMMON.has(rule.name)).map((rule) => `${rule.name} (${typeName(rule.type)})`);
    return `| ${msg} | ${needed.join(', ') || '-'} | ${others.join(', ') || '-'} | ${ports} |`;
  });
  const enums = Object.entries(ENUMS).map(([name, values]) => `| ${name} | ${values.join(', ')} |`);
  const errors = Object.entries(TError).map(([name, code]) => `| ${code} | ${name} |`);
  return [
    PROTOCOL_HEAD,
    '| request | must have | may have | accepted at |\n|---|---|---|---|', requests.join('\n'),
    '\nEvery request may also have ReferenceID, Reasons and Extensions.\n\n## Values\n',
    `int: ${describeType('int')}; string: ${describeType('string')}; ConnID: ${describeType('ConnID')}; KV-list: ${describeType('kvlist')}.\n`,
    '| enumeration | values |\n|---|---|', enums.join('\n'),
    '\n## Error codes\n', '| ErrorCode | meaning |\n|---|---|', errors.join('\n'), '',
  ].join('\n');
}

const COMMON: ReadonlySet<string> = new Set(['ReferenceID', 'Reasons', 'Extensions']);
const typeName = (type: string): string => (type === 'kvlist' ? 'KV-list' : type === 'strings' ? 'array of strings' : type);

const PROTOCOL_HEAD = `# The T-Library-like protocol

How routing programs, agent desktops and monitoring clients talk to Cordboard. One JSON object per line over TCP; \`nc\` is a client. This page is made by
\`npm run docs\` from the tables that the servers run on.

## Frames

Each message is one JSON object in UTF-8 on one line ended by \`\\n\`; a \`\\r\` before it is ignored, empty lines too. \`msg\` is the name of a request
or an event, every other key an attribute. Unknown attributes are ignored. An unknown \`msg\`, or a missing or ill-typed attribute, is answered by
\`EventError\` and the connection stays; a line over 1 MiB or bytes that are no JSON object get \`EventError\` 58 and the connection is closed.
A KV-list is an object whose values are integers, strings or KV-lists; where keys repeat it is an array of \`[key, value]\` pairs.

\`ReferenceID\`, chosen by you, comes back in the one event or \`EventError\` that answers the request. Events that answer nothing carry none.
Every event carries \`EventSequenceNumber\`, gap-free in your session. Events about a DN that come from its owner also carry \`DNSequence\`, gap-free per
DN, and \`OwnerEpoch\`.

## Opening

\`\`\`
> {"msg":"RequestRegisterClient","ReferenceID":1,"ApplicationName":"demo","ProtocolVersion":1}
< {"msg":"EventLinkConnected","EventSequenceNumber":1,"ReferenceID":1,"ApplicationName":"SIPS_dc1_1","ServerRole":"SessionController",...,"SessionToken":"..."}
> {"msg":"RequestRegisterAddress","ReferenceID":2,"ThisDN":"5001"}
< {"msg":"EventRegistered","EventSequenceNumber":2,"ReferenceID":2,"ThisDN":"5001",...}
< {"msg":"EventQueued","EventSequenceNumber":3,"ThisDN":"5001","ConnID":"0151025a84c2a028",...}
< {"msg":"EventRouteRequest",...}
> {"msg":"RequestRouteCall","ReferenceID":3,"ThisDN":"5001","ConnID":"0151025a84c2a028","OtherDN":"7001"}
< {"msg":"EventRouteUsed","ReferenceID":3,...}
\`\`\`

The first request must be RequestRegisterClient; three others before it close the connection. \`Filter\` names the events you want; answers always come.

## Keeping alive

\`{"msg":"AddpPing","n":1}\` is answered by \`{"msg":"AddpPong","n":1}\`, from either side. With \`AddpTimeout\` or \`AddpRemoteTimeout\` (seconds) in the
opening, the server pings when it has heard nothing for half of it and closes the connection after the whole.

## Resuming

Your session's events are kept for 60 s and 16 MiB after the connection is lost (options \`session-backlog-time\`, \`session-backlog-size\`). Open again
with \`SessionToken\` and the last \`EventSequenceNumber\` you saw as \`LastSequence\`: \`EventLinkConnected\` then says \`"Resumed":true\` and repeats that
number, and exactly the events after it follow. Where they are no longer held it says \`"Resumed":false\`, a new session begins at 1, and
\`EventBacklogLost\` says in \`FromSequence\` from which number on events are lost; register anew.

A client that does not read is disconnected; the others never wait for it.

## Requests
`;
