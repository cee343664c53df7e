/** Session descriptions, as far as call control changes them: directions and hold (RFC 4566, RFC 3264 §8.4). The rest passes untouched. */

export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

const DIRECTION_LINE = /^a=(sendrecv|sendonly|recvonly|inactive)[ \t]*\r?\n?$/;
const LINES = /[^\n]*\n|[^\n]+$/g;

interface Section {
  /** With their ends, as they came; the first is the m= line, but for the session part. */
  readonly lines: string[];
}

/** The session part, then one section per media stream. Joined they are the description, byte for byte. */
function sectionsOf(sdp: string): Section[] {
  const sections: Section[] = [{ lines: [] }];
  for (const line of sdp.match(LINES) ?? []) {
    if (line.startsWith('m=')) sections.push({ lines: [] });
    (sections[sections.length - 1] as Section).lines.push(line);
  }
  return sections;
}

function directionIn(section: Section): Direction | undefined {
  for (const line of section.lines) {
    const match = DIRECTION_LINE.exec(line);
    if (match !== null) return match[1] as Direction;
  }
  return undefined;
}

/** Direction of each media stream, as its sender sees it. A stream with port 0 counts as inactive. */
export function directionsOf(sdp: string): Direction[] {
  const [session, ...media] = sectionsOf(sdp) as [Section, ...Section[]];
  const fallback = directionIn(session) ?? 'sendrecv';
  return media.map((section) => {
    if (/^m=\S+ 0[ /]/.test(section.lines[0] as string)) return 'inactive';
    return isBlackHole(section) || (isBlackHole(session) && !hasConnection(section)) ? 'inactive' : directionIn(section) ?? fallback;
  });
}

const hasConnection = (section: Section): boolean => section.lines.some((line) => line.startsWith('c='));

/** RFC 2543 put a party on hold by the address 0.0.0.0; `::` is the same in IPv6. */
const isBlackHole = (section: Section): boolean => section.lines.some((line) => /^c=IN (IP4 0\.0\.0\.0|IP6 ::)\s*$/.test(line));

/** Whether the sender of this description does not want to hear: every stream is sendonly or inactive. */
export function isHold(sdp: string): boolean {
  const directions = directionsOf(sdp);
  return directions.length > 0 && directions.every((direction) => direction === 'sendonly' || direction === 'inactive');
}

/**
 * The same description with every stream in that direction, which the session part then does not say any more. All other
 * lines stay byte for byte; one without streams stays as it is.
 */
export function withDirection(sdp: string, direction: Direction): string {
  const [session, ...media] = sectionsOf(sdp) as [Section, ...Section[]];
  if (media.length === 0) return sdp;
  const common = session.lines.filter((line) => !DIRECTION_LINE.test(line));
  return common.join('') + media.map((section) => turned(section, `a=${direction}`)).join('');
}

/** The stream with that direction: in the place of its own, else after its last line. */
function turned({ lines }: Section, attribute: string): string {
  const at = lines.findIndex((line) => DIRECTION_LINE.test(line));
  if (at !== -1) {
    const end = /\r?\n?$/.exec(lines[at] as string)?.[0] ?? '';
    return lines.map((line, index) => (index === at ? attribute + end : DIRECTION_LINE.test(line) ? '' : line)).join('');
  }
  const last = lines.findLastIndex((line) => line.trim() !== '');
  const end = (lines[last] as string).endsWith('\n') ? '' : '\r\n';
  return `${lines.slice(0, last + 1).join('')}${end}${attribute}\r\n${lines.slice(last + 1).join('')}`;
}

/** What the far end may do when we do that (RFC 3264 §6.1). */
export function answerDirection(offered: Direction): Direction {
  switch (offered) {
    case 'sendonly': return 'recvonly';
    case 'recvonly': return 'sendonly';
    default: return offered;
  }
}

/** The same description with the version in o= one higher, as a changed offer must have (RFC 3264 §8). */
export function withNextVersion(sdp: string): string {
  return sdp.replace(/^(o=\S+ \S+ )(\d+)/m, (_, head: string, version: string) => head + (BigInt(version) + 1n).toString());
}
