/** One Via value (RFC 3261 §20.42, rport RFC 3581). */
import { fail, ok, type Result } from '#kernel';
import type { SipParseError } from '../parser/error.js';
import { hostPort, parseHostPort } from '../uri/uri.js';
import { allOf, parseDigits, TOKEN } from './chars.js';
import { NO_PARAMS, Params } from './params.js';

const PORT_MAX = 65_535;

export class Via {
  constructor(
    /** In upper case: UDP, TCP, TLS, ... */
    readonly transport: string,
    /** sent-by, in lower case. */
    readonly host: string,
    readonly port: number | undefined,
    readonly params: Params,
  ) {}

  get branch(): string | undefined {
    return this.params.get('branch');
  }

  get received(): string | undefined {
    return this.params.get('received');
  }

  /** The port filled in by the receiver; undefined when absent or still empty. */
  get rport(): number | undefined {
    const port = parseDigits(this.params.get('rport') ?? '', PORT_MAX);
    return port === -1 ? undefined : port;
  }

  get wantsRport(): boolean {
    return this.params.get('rport') === '';
  }

  get sentBy(): string {
    return hostPort(this.host, this.port);
  }
}

const PROTOCOL_END = 'SIP/2.0/'.length;

/** sent-protocol with white space around its slashes, then sent-by, then parameters. */
const VIA = /^SIP[ \t]*\/[ \t]*2\.0[ \t]*\/[ \t]*([A-Za-z0-9\-.!%*_+`'~]+)[ \t]+([^;\s]+(?:[ \t]*:[ \t]*\d+)?)[ \t]*(;.*)?$/is;

/** Never throws. `text` is one list element, trimmed. */
export function parseVia(text: string): Result<Via, SipParseError> {
  return parsePlain(text) ?? parseFull(text);
}

/** The usual spelling, without a regular expression. */
function parsePlain(text: string): Result<Via, SipParseError> | undefined {
  if (!text.startsWith('SIP/2.0/')) return undefined;
  const space = text.indexOf(' ', PROTOCOL_END);
  if (space <= PROTOCOL_END || !allOf(TOKEN, text, PROTOCOL_END, space)) return undefined;
  let semicolon = text.indexOf(';', space);
  if (semicolon === -1) semicolon = text.length;
  const address = parseHostPort(text, space + 1, semicolon);
  if (address === undefined) return undefined;
  const params = semicolon === text.length ? NO_PARAMS : new Params(text.slice(semicolon));
  return ok(new Via(transportAt(text, space), address.host, address.port, params));
}

function transportAt(text: string, end: number): string {
  return text.startsWith('UDP ', PROTOCOL_END) ? 'UDP' : text.slice(PROTOCOL_END, end).toUpperCase();
}

function parseFull(text: string): Result<Via, SipParseError> {
  const match = VIA.exec(text);
  const address = match === null ? undefined : parseHostPort((match[2] as string).replace(/[ \t]/g, ''));
  if (match === null || address === undefined) {
    return fail({ code: 'SIP_PARSE_VIA', message: 'a Via must be SIP/2.0/transport host:port;parameters', offset: -1, statusHint: 400 });
  }
  const params = match[3] === undefined ? NO_PARAMS : new Params(match[3]);
  return ok(new Via((match[1] as string).toUpperCase(), address.host, address.port, params));
}
