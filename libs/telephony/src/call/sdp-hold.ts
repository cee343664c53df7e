/**
 * The few things the call changes in a session description, when nobody else can: hold (RFC 3264 §8.4, RFC 6337 §5.3) and the
 * held answer that ends an exchange with nobody at the other end (RFC 3725 §4.1). Everything else passes untouched.
 */
import type { Sdp } from './call.types.js';

const DIRECTION = /^a=(?:sendrecv|sendonly|recvonly|inactive)$/;
const NO_ADDRESS = 'c=IN IP4 0.0.0.0';
/** RFC 863 discard: a port that is not 0 accepts the media, and nothing is sent to it while the direction is inactive. */
const DISCARD_PORT = '9';

/** Whether the sender of this description holds: it has audio, and on none of it would it listen. */
export function isHold(sdp: Sdp): boolean {
  const session = linesOf(sdp.slice(0, Math.max(0, sdp.search(/^m=/m))));
  const audio = mediaOf(sdp).filter(isLiveAudio);
  return audio.length > 0 && audio.every((media) => isSilent(media, session));
}

function isLiveAudio(media: readonly string[]): boolean {
  return /^m=audio (?!0 )/.test(media[0] ?? '');
}

/** What a stream does not say, the session says (RFC 8866 §5.7, §6.7). */
function isSilent(media: readonly string[], session: readonly string[]): boolean {
  const said = (test: (line: string) => boolean): string | undefined => media.find(test) ?? session.find(test);
  const direction = said((line) => DIRECTION.test(line));
  return direction === 'a=sendonly' || direction === 'a=inactive' || said((line) => line.startsWith('c=')) === NO_ADDRESS;
}

/** The same description with every stream inactive. */
export function inactive(sdp: Sdp): Sdp {
  return mapMedia(sdp, (media) => [...media.filter((line) => !DIRECTION.test(line)), 'a=inactive']);
}

/** The version in `o=` raised by `shift`: a description that differs must say so (RFC 3264 §8). */
export function raiseVersion(sdp: Sdp, shift: number): Sdp {
  if (shift === 0) return sdp;
  return sdp.replace(/^(o=\S+ \S+ )(\d+)/m, (_line, head: string, version: string) => `${head}${BigInt(version) + BigInt(shift)}`);
}

/** An answer that accepts plain RTP audio without letting any flow, and refuses every other stream. */
export function heldAnswer(offer: Sdp): Sdp {
  const lines = ['v=0', 'o=- 1 1 IN IP4 0.0.0.0', 's=-', NO_ADDRESS, 't=0 0'];
  for (const media of mediaOf(offer)) lines.push(...heldMedia(media));
  return lines.join('\r\n') + '\r\n';
}

function heldMedia(media: readonly string[]): string[] {
  const [kind, port, profile, ...formats] = (media[0] ?? '').slice(2).split(' ');
  const accepted = kind === 'audio' && port !== '0' && /^RTP\/AVPF?$/.test(profile ?? '');
  const line = `m=${kind} ${accepted ? DISCARD_PORT : '0'} ${[profile, ...formats].join(' ')}`;
  if (!accepted) return [line];
  return [line, ...media.filter((attribute) => /^a=(rtpmap|fmtp):/.test(attribute)), 'a=inactive'];
}

function mapMedia(sdp: Sdp, change: (media: readonly string[]) => readonly string[]): Sdp {
  const lines = linesOf(sdp);
  const first = lines.findIndex((line) => line.startsWith('m='));
  if (first < 0) return sdp;
  const result = lines.slice(0, first).filter((line) => !DIRECTION.test(line));
  for (const media of mediaOf(sdp)) result.push(...change(media));
  return result.join('\r\n') + '\r\n';
}

/** The media sections, each with its `m=` line first. */
function mediaOf(sdp: Sdp): string[][] {
  const sections: string[][] = [];
  for (const line of linesOf(sdp)) {
    if (line.startsWith('m=')) sections.push([line]);
    else sections.at(-1)?.push(line);
  }
  return sections;
}

function linesOf(sdp: Sdp): string[] {
  return sdp.split(/\r?\n/).filter((line) => line !== '');
}
