/** Every option the cluster knows (tlibrary §11). docs/configuration.md is generated from this table. */
import type { OptionDefinition, OptionKind, OptionLevel } from './option.js';

const seconds = (min: number, max: number): OptionKind => ({ kind: 'integer', min, max, unit: 's' });
const whole = (min: number, max: number, unit = ''): OptionKind => ({ kind: 'integer', min, max, unit });
const yesNo: OptionKind = { kind: 'boolean' };
const choice = (...values: string[]): OptionKind => ({ kind: 'choice', values });
const list = (...values: string[]): OptionKind => ({ kind: 'list', values });
const msec = (maxMs: number): OptionKind => ({ kind: 'duration', unit: 'msec', maxMs });
const text = (pattern: RegExp, expected: string, secret = false): OptionKind => ({ kind: 'text', pattern, expected, secret });
const anyText = text(/^.{0,500}$/, 'a text of at most 500 characters');
const sipStatus = (from: number, to: number): OptionKind => whole(from, to, 'SIP status');

const SERVER: readonly OptionLevel[] = ['cluster', 'sip-server'];
const PHONE: readonly OptionLevel[] = ['cluster', 'sip-server', 'Extension'];
const DEVICE: readonly OptionLevel[] = ['cluster', 'sip-server', 'Extension', 'Trunk'];
const POINT: readonly OptionLevel[] = ['cluster', 'sip-server', 'RoutingPoint'];
const PROXY: readonly OptionLevel[] = ['cluster', 'sip-proxy'];

const option = (
  name: string, type: OptionKind, fallback: string, levels: readonly OptionLevel[], meaning: string,
): OptionDefinition => ({ name, type, default: fallback, levels, meaning });

export const OPTIONS: readonly OptionDefinition[] = [
  // ---- cluster
  option('dn-owner-applications', list(), '', ['cluster'], 'Applications whose RequestRegisterAddress takes the ownership of a DN without a phone of its own.'),
  option('tc-reconnect-timeout', seconds(0, 60), '0', ['cluster'], 'How long a silent t-controller may be away before its DNs go out of service; 0 = at once.'),
  option('tc-latency-poll-interval', seconds(1, 3600), '10', ['cluster'], 'How often t-controllers and smart proxies measure the links to each other (`cordboard links`).'),
  option('agent-state-auto-restore', yesNo, 'false', ['cluster'], 'A new owner logs the agent in again in the state it had.'),
  option('client-password', text(/^.{0,200}$/, 'a text of at most 200 characters', true), '', ['cluster', 'sip-server', 'vq-server'], 'Password of T-Library clients; empty = none is asked.'),
  option('known-applications', list(), '', ['cluster', 'sip-server', 'vq-server'], 'Applications let in on T-Library ports; empty = any name.'),
  option('limiter-lease', seconds(5, 3600), '30', ['cluster'], 'How long a call counts for call limits that nobody tells of any more: what a process that died leaves behind. Each is told again in every third of it.'),
  option('limiter-without-store', choice('open', 'share', 'closed'), 'open', PROXY, 'What calls of trunks get that call limits cannot count because their store is away: open = in, closed = 503, share = in as long as this proxy alone has let in fewer than its part of the limit. A rule may say otherwise.'),
  // ---- proxy
  option('oos-check', seconds(0, 3600), '5', ['cluster', 'sip-proxy', 'sip-server', 'Trunk'], 'Seconds between OPTIONS probes; 0 = never.'),
  option('oos-force', seconds(1, 3600), '5', ['cluster', 'sip-proxy', 'sip-server', 'Trunk'], 'Seconds after an unanswered probe until the peer is out of service.'),
  option('oos-error-check', yesNo, 'true', ['cluster', 'sip-proxy', 'sip-server', 'Trunk'], 'Whether an error answer to a probe counts as a failure.'),
  option('oos-options-max-forwards', whole(0, 70), '5', ['cluster', 'sip-proxy', 'sip-server', 'Trunk'], 'Max-Forwards of probes.'),
  option('switchover-on-sipp-oos', yesNo, 'false', SERVER, 'A primary that no proxy of its data centre answers for oos-force gives its role to a backup that is answered.'),
  option('sipp-oos-recheck', yesNo, 'false', SERVER, 'Whether a silent trunk goes out of service only after its proxy has answered OPTIONS itself; false = at once.'),
  option('recovery-timeout', seconds(0, 3600), '0', ['cluster', 'sip-server', 'Trunk'], 'How long a trunk must answer again before it is used; 0 = at the first answer.'),
  option('registrar-default-timeout', seconds(10, 86400), '140', ['cluster', 'sip-proxy', 'sip-server'], 'Lifetime of a registration that asks for none.'),
  option('registrar-min-timeout', seconds(1, 86400), '10', ['cluster', 'sip-proxy', 'sip-server'], 'A shorter wish is answered 423; short enough for tests, long enough to bound the load.'),
  option('registrar-max-timeout', seconds(10, 86400), '3600', ['cluster', 'sip-proxy', 'sip-server'], 'A longer wish is shortened to this.'),
  option('registrar-max-contacts', whole(1, 100), '10', ['cluster', 'sip-proxy', 'sip-server'], 'Bindings of one address of record; one more is refused with 403.'),
  option('shutdown-sip-reject-code', sipStatus(400, 699), '503', ['cluster', 'sip-proxy', 'sip-server'], 'Answer to new calls while draining.'),
  option('scanner-user-agents', list(), 'friendly-scanner,sipvicious,sipcli,sip-scan,VaxSIPUserAgent', PROXY, 'Requests whose User-Agent contains one of these are dropped in silence.'),
  option('flood-burst', whole(0, 1_000_000, 'requests'), '1000', PROXY, 'Requests that open something and that one address may send at once; one more and nothing of it is read for flood-ban; 0 = nobody is banned. Wide enough for an office that comes back after a power cut.'),
  option('flood-rate', whole(1, 1_000_000, 'requests/s'), '100', PROXY, 'By how many a second what an address may send at once grows again.'),
  option('flood-ban', seconds(1, 86_400), '60', PROXY, 'How long an address is not listened to after its flood; each message of a flood that goes on begins it anew.'),
  option('trusted-peers', list(), '127.0.0.0/8,::1', PROXY, 'Addresses and networks that are never banned, beside the cluster\'s own and those of trunks.'),
  option('certificate', anyText, '', PROXY, 'PEM file with the certificate of the sips port, from the directory of the configuration.'),
  option('certificate-key', anyText, '', PROXY, 'PEM file with the key of that certificate.'),
  option('trusted-ca', anyText, '', PROXY, 'PEM file with the authorities that peers over TLS are checked by; empty = the public ones.'),
  option('flow-secret', text(/^.{0,200}$/, 'a text of at most 200 characters', true), '', ['cluster'], 'Key of the flow tokens in Record-Route, the same at all proxies; empty = made of the switch name, which keeps tokens opaque but not secret.'),
  option('nameservers', list(), '', ['cluster', 'sip-proxy', 'sip-server'], 'DNS servers as host:port; empty = the system\'s.'),
  // ---- registration and authentication
  option('sip-enable-strict-auth', yesNo, 'false', PHONE, 'Refuses devices without a password, or whose password is the DN.'),
  option('authenticate-requests', list('register', 'invite'), 'register,invite', PHONE, 'Which requests of a device with a password are challenged. An INVITE over the flow of a live registration is not asked again.'),
  option('digest-algorithms', list('SHA-256', 'MD5'), 'MD5', SERVER, 'Algorithms a challenge offers, preferred first (RFC 8760). Not both by default: several phones give up at a challenge they do not know.'),
  option('nonce-lifetime', seconds(10, 3600), '300', SERVER, 'How long a digest nonce serves.'),
  option('password', text(/^.{0,200}$/, 'a text of at most 200 characters', true), '', ['Extension'], 'Digest password of the phone.'),
  option('contact', text(/^(\*|sips?:[^\s]+|[^\s@]+(:\d+)?)$/, '* (learned from registration) or a SIP URI'), '*', ['Extension', 'Trunk'], 'Where the device is.'),
  // ---- trunks and dial plan
  option('prefix', list(), '', ['Trunk'], 'Numbers with one of these prefixes leave by this trunk; the longest wins.'),
  option('country-code', text(/^(|[1-9]\d{0,2})$/, 'a country code of 1 to 3 digits, without +'), '', ['cluster', 'Trunk'], 'Country of the trunk\'s national numbers: call limits compare numbers as E.164; empty = only those with + are.'),
  option('trunk-prefix', text(/^\d{0,6}$/, 'at most 6 digits'), '0', ['cluster', 'Trunk'], 'Stands before a national number of the trunk; empty = every number without + is a national one.'),
  option('international-prefix', text(/^(\d{1,6}(,\d{1,6})*)?$/, 'digits, several with commas between, such as 00,010'), '00', ['cluster', 'Trunk'], 'Stands before a country code in numbers of the trunk.'),
  option('priority', whole(0, 1000), '1', ['Trunk'], 'Lower is preferred among equal prefixes.'),
  option('geo-location', text(/^[\w.-]{0,64}$/, 'a label of letters, digits, dots and dashes'), '', ['Trunk', 'Extension'], 'Data centre of the device.'),
  option('find-trunk-by-location', yesNo, 'true', SERVER, 'A trunk of the own data centre is preferred.'),
  option('sip-error-conversion', list(), '', DEVICE, 'Pairs such as 408=486: the status on the left is passed on as the one on the right.'),
  option('unknown-gateway-reject-code', sipStatus(400, 699), '503', SERVER, 'Answer to an INVITE from an address that is neither a trunk nor a phone.'),
  option('default-route-point', text(/^(|reject=[3-6]\d\d|[\w*#+.-]+)$/, 'a Routing Point or reject=<status>'), 'reject=404', SERVER, 'Where a call goes whose dialled number leads nowhere.'),
  option('default-route-point-order', choice('before-dial-plan', 'after-dial-plan'), 'after-dial-plan', SERVER, 'Whether the default route point is looked at before trunks.'),
  option('init-dnis-by-ruri', yesNo, 'true', ['cluster', 'sip-proxy', 'sip-server'], 'DNIS is the Request-URI\'s user; false: the To header\'s.'),
  // ---- routing
  option('router-timeout', seconds(0, 3600), '10', POINT, 'Longest wait at a Routing Point for an instruction before default routing; 0 = for ever.'),
  option('after-routing-timeout', seconds(0, 3600), '18', POINT, 'From RequestRouteCall until the call must have left the Routing Point; 0 = off.'),
  option('after-routing-timeout-action', choice('none', 'notready', 'logout'), 'none', POINT, 'What happens to the agent who did not answer in that time.'),
  option('divert-on-ringing', yesNo, 'false', POINT, 'true: the call leaves the Routing Point when the destination rings; false: when it answers, so that a failed attempt comes back to the strategy.'),
  option('default-dn', list(), '', POINT, 'Default destinations, tried in turn.'),
  option('default-redirection-limit', whole(0, 15), '4', SERVER, 'How often default routing may move one call from Routing Point to Routing Point.'),
  option('agent-no-answer-timeout', seconds(0, 3600), '15', SERVER, 'How long a routed call may ring; 0 = for ever.'),
  option('agent-no-answer-action', choice('none', 'notready', 'logout'), 'none', SERVER, 'What happens to the agent who did not answer.'),
  option('agent-no-answer-overflow', list(), '', SERVER, 'Where the call goes then: none, recall, release or DNs, tried in order.'),
  option('extn-no-answer-timeout', seconds(0, 3600), '0', PHONE, 'How long a direct call may ring; needs nas-private.'),
  option('extn-no-answer-overflow', list(), '', PHONE, 'Where an unanswered direct call goes.'),
  option('nas-private', yesNo, 'false', SERVER, 'Whether no-answer supervision watches direct calls.'),
  option('set-notready-on-busy', yesNo, 'false', SERVER, 'A phone that answers 486 makes its agent NotReady.'),
  option('sip-invite-timeout', seconds(1, 180), '32', SERVER, 'Longest wait for any answer to an INVITE.'),
  option('sip-call-retain-timeout', seconds(0, 60), '1', SERVER, 'How long a finished call can still be queried.'),
  option('cleanup-idle-tout', whole(0, 10080, 'min'), '60', SERVER, 'A call without any sign of life for so long is cleared; 0 = never.'),
  option('user-data-limit', whole(1024, 1048576, 'bytes'), '65536', SERVER, 'User data of one call; more is refused with EventError.'),
  option('max-calls', whole(1, 1000000), '50000', SERVER, 'Live calls of one node; one more is refused with 503.'),
  option('overload-lateness', msec(10_000), '500', SERVER, 'How late the event loop of a node may run on average before new calls are refused with 503, so many that it runs in time; 0 = never. T1 of SIP: who waits longer sends again, and what is late gets later.'),
  // ---- phones
  option('sip-cti-control', list('talk', 'hold', 'dtmf'), '', PHONE, 'What NOTIFY may ask of the phone.'),
  option('make-call-rfc3725-flow', whole(1, 1), '1', PHONE, 'Flow of calls made on request: 1, the originator is called without an offer.'),
  option('session-expires', seconds(90, 86400), '1800', DEVICE, 'Session timer offered to the far end (RFC 4028).'),
  option('sip-enable-100rel', yesNo, 'false', DEVICE, 'Whether provisional answers are made reliable when the caller supports it.'),
  // ---- agents
  option('emulated-login-state', choice('ready', 'not_ready'), 'not_ready', SERVER, 'State right after login.'),
  option('wrap-up-time', seconds(0, 86400), '0', SERVER, 'After-call work of a business call; 0 = none.'),
  option('legal-guard-time', seconds(0, 3600), '0', SERVER, 'Least break after a business call.'),
  option('timed-acw-in-idle', yesNo, 'true', SERVER, 'After-call work that an idle agent asks for ends by itself too.'),
  option('acw-in-idle-force-ready', yesNo, 'true', SERVER, 'It then ends in Ready; false: in the state before it.'),
  option('acw-persistent-reasons', yesNo, 'false', SERVER, 'Reasons are kept during after-call work.'),
  option('logout-on-disconnect', yesNo, 'true', SERVER, 'Loss of the desktop logs its agents out; calls go on.'),
  option('logout-on-disconnect-delay', seconds(0, 3600), '3600', SERVER, 'How long a lost desktop may be away before it counts as gone, at most session-backlog-time; 0 = at once. One that resumes in time keeps its agents and its DNs; until then they get no new calls.'),
  option('logout-on-out-of-service', yesNo, 'false', SERVER, 'Loss of the phone logs its agent out.'),
  option('agent-logout-on-unreg', yesNo, 'true', SERVER, 'Unregistering the DN logs out the agent that the same client logged in.'),
  option('auto-logout-timeout', whole(0, 35791, 'min'), '0', SERVER, 'Idle agents are logged out; 0 = never.'),
  option('auto-logout-ready', yesNo, 'false', SERVER, 'Whether Ready agents are logged out by that too.'),
  // ---- T-Library sessions
  option('addp-timeout', seconds(0, 3600), '7', ['cluster', 'sip-server', 'vq-server'], 'A T-Library client silent for so long is disconnected, when it asked for ADDP.'),
  option('userdata-map-filter', text(/^[^\r\n]{0,500}$/, '*, or names of user data with commas between; a name may end with *'), '', ['Extension', 'Trunk'], 'Which user data of a call is told in the INVITE to this phone or trunk; empty = none.'),
  option('userdata-map-trans-prefix', text(/^X-(?!Cordboard)[A-Za-z0-9][A-Za-z0-9-]{0,30}-$/i, 'a name that begins with X- and ends with -'), 'X-Genesys-', DEVICE, 'What stands before the key in the names of those headers.'),
  option('userdata-map-format', choice('sip-headers-encoded'), 'sip-headers-encoded', DEVICE, 'Keys and values are percent-encoded.'),
  option('session-backlog-time', seconds(0, 3600), '60', ['cluster', 'sip-server', 'vq-server'], 'How long a lost client\'s events are kept for it.'),
  option('session-backlog-size', whole(65536, 1073741824, 'bytes'), '16777216', ['cluster', 'sip-server', 'vq-server'], 'And how many bytes of them.'),
  option('max-clients', whole(1, 100000), '1000', ['cluster', 'sip-server', 'vq-server'], 'T-Library connections of one port; one more is refused.'),
  // ---- DNS
  option('dns-rate-limit', whole(1, 1000000, 'queries/s'), '2000', ['cluster', 'dns-server'], 'UDP queries of one source per second; more are told to come by TCP.'),
  option('dns-views', list(), '', ['cluster', 'dns-server'], 'Networks and the data centre of who asks from there, such as 10.1.0.0/16=dc1: its proxies come first. The smallest network counts; who is in none sees the data centre of the server.'),
  // ---- console
  option('api-key', text(/^.{0,200}$/, 'a text of at most 200 characters', true), '', ['console'], 'Key that HTTP requests must carry as "Authorization: Bearer ..."; needed when the console listens beyond loopback.'),
  // ---- reservation
  option('request-collection-time', msec(10_000), '100', ['vq-server'], 'How long requests for one agent are collected before the best wins.'),
  option('collect-lower-priority-requests', yesNo, 'true', ['vq-server'], 'false: a request below the best one so far is refused at once.'),
  option('reject-subsequent-request', yesNo, 'true', ['vq-server'], 'false: the holder of a reservation may prolong it.'),
  option('reservation-time', msec(600_000), '10000', ['vq-server'], 'Length of a reservation that asks for the default.'),
  // ---- recorder
  option('sources', list(), '', ['recorder'], 'Applications whose calls, agents and queues it records; empty = all sip-servers and vq-servers of its data centre.'),
  option('adata-spec', list(), '', ['recorder'], 'Keys of user data that are kept, each as key or key=column; empty = none, since user data may be personal.'),
  option('state-directory', text(/^[^\0]{0,500}$/, 'a path'), '', ['recorder'], 'Where its files are: the durable queue unless the bus is NATS, and the history unless a server keeps it. Relative to the configuration file; empty = state.'),
  option('history-retention', whole(0, 36500, 'days'), '90', ['recorder'], 'Records that began earlier are removed, in Cassandra those that were written with this value; 0 = never.'),
  // ---- router
  option('queue-skills', list(), '', ['RoutingPoint', 'VirtualQueue'], 'Skills of the agents who serve the queue, for call limits by ready agents; not given = the skill of the router that serves it.'),
  option('skill', text(/^[\w.-]{1,64}$/, 'a skill name'), 'support', ['router'], 'Skill an agent needs.'),
  option('virtual-queue', anyText, '', ['router'], 'Virtual queue in which waiting calls are shown.'),
  option('max-wait', seconds(0, 86400), '600', ['router'], 'Longest wait of a caller for an agent; then the call follows default routing; 0 = for ever.'),
  option('reservation-priority', whole(0, 1000), '1', ['router'], 'Priority of its reservations.'),
];

/** Spellings met in the field for options above (trap T23), and what was meant. */
export const MISSPELLINGS: Readonly<Record<string, string>> = {
  'oos-options-max-forwads': 'oos-options-max-forwards',
  'sip-enable-rtc3263': 'sip-enable-rfc3263',
  'rq-expire-tmout': 'rq-expire-tout',
  'agent-no-answer-timout': 'agent-no-answer-timeout',
};

/** Options of the original that have one behaviour here; accepted with a warning so that a configuration can be taken over. */
export const FIXED: Readonly<Record<string, string>> = {
  'smart-proxy-enabled': 'events are always distributed as with true',
  'server-role': 'every configuration is a cluster',
  'sip-link-type': 'there is one threading model',
  'refer-enabled': 'REFER is never used towards devices',
  'sip-enable-gdns': 'SRV contacts are always resolved',
  'sip-enable-rfc3263': 'RFC 3263 is always followed',
  'use-register-for-service-state': 'a registration always drives the service state of a DN with contact *',
  'use-contact-as-dn': 'the DN is the address of record',
};

export const OPTION_BY_NAME: ReadonlyMap<string, OptionDefinition> = new Map(OPTIONS.map((entry) => [entry.name, entry]));
