/** What a phone without media says of its media (RFC 4566, RFC 3264 §6). */
import { answerDirection, type Direction, directionsOf } from '#sip';

export interface MediaAddress {
  /** Names the o= line. */
  readonly user: string;
  readonly host: string;
  readonly port: number;
}

const OWN_FORMATS = ['0', '8'];

export function makeOffer({ user, host, port }: MediaAddress, version: number, direction: Direction): string {
  return `${session(user, host, version)}m=audio ${port} RTP/AVP ${OWN_FORMATS.join(' ')}\r\na=${direction}\r\n`;
}

/** Takes the first audio stream in the formats we know, or the first it offers; refuses every other stream by port 0. */
export function makeAnswer(offer: string, { user, host, port }: MediaAddress, version: number): string {
  const streams = offer.split(/\r?\n/).filter((line) => line.startsWith('m='));
  const directions = directionsOf(offer);
  const taken = streams.findIndex((line) => /^m=audio [1-9]/.test(line));
  return session(user, host, version) + streams.map((line, i) => {
    const [kind = 'm=audio', , protocol = 'RTP/AVP', ...formats] = line.split(' ');
    const common = formats.filter((format) => OWN_FORMATS.includes(format));
    const chosen = common.length > 0 ? common : formats.slice(0, 1);
    if (i !== taken) return `${kind} 0 ${protocol} ${chosen.join(' ')}\r\n`;
    return `${kind} ${port} ${protocol} ${chosen.join(' ')}\r\na=${answerDirection(directions[i] ?? 'sendrecv')}\r\n`;
  }).join('');
}

function session(user: string, host: string, version: number): string {
  return `v=0\r\no=${user} 1 ${version} IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\n`;
}
