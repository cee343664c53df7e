/**
 * Golden exchanges: sessions with a port as text. `>` is sent, `<` comes back, `given:` is what the world does meanwhile,
 * `until:` names the event up to which lines are read (`EventX`, `EventX DN`, `EventX x2`; `-` for none); without it, the one
 * that answers. Shown in docs/tlib-protocol.md, proven by golden.e2e-spec.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { ServerRole } from '#tlib';

export type GoldenStep =
  | { readonly kind: 'given'; readonly what: string; readonly until: string | undefined }
  | { readonly kind: 'send'; readonly line: string; readonly until: string | undefined };

export interface GoldenExchange {
  readonly title: string;
  readonly steps: readonly GoldenStep[];
  /** As the file has it, without `until:`. */
  readonly shown: readonly string[];
}

export interface GoldenSession {
  readonly file: string;
  readonly role: ServerRole;
  readonly intro: string;
  readonly exchanges: readonly GoldenExchange[];
  readonly text: string;
}

export function parseGolden(file: string, text: string): GoldenSession {
  const [head = '', ...parts] = text.split(/^=== /m);
  const role = /^port: (\w+)$/m.exec(head)?.[1] as ServerRole;
  const intro = head.split('\n').filter((line) => line.startsWith('# ')).map((line) => line.slice(2)).join('\n');
  return { file, role, intro, exchanges: parts.map(parseExchange), text };
}

function parseExchange(part: string): GoldenExchange {
  const [title = '', ...lines] = part.trimEnd().split('\n');
  const steps = lines.flatMap((line, i): GoldenStep[] => {
    const until = /^until: (.*)$/.exec(lines[i + 1] ?? '')?.[1];
    if (line.startsWith('> ')) return [{ kind: 'send', line: line.slice(2), until }];
    if (line.startsWith('given: ')) return [{ kind: 'given', what: line.slice(7), until }];
    return [];
  });
  return { title, steps, shown: lines.filter((line) => line !== '' && !line.startsWith('until: ')) };
}

/** All files of the folder, by name. */
export function goldenSessions(folder: string): GoldenSession[] {
  return readdirSync(folder).filter((file) => file.endsWith('.golden')).sort().map((file) => parseGolden(file, readFileSync(`${folder}/${file}`, 'utf8')));
}

/** The file with other `<` lines: what was seen. */
export function withSeen(session: GoldenSession, seen: readonly (readonly (readonly string[])[])[]): string {
  let exchange = -1;
  let step = -1;
  const lines = session.text.split('\n').flatMap((line, i, all) => {
    if (line.startsWith('=== ')) {
      exchange += 1;
      step = -1;
    }
    if (line.startsWith('< ')) return [];
    if (line.startsWith('> ') || line.startsWith('given: ')) {
      step += 1;
      if ((all[i + 1] ?? '').startsWith('until: ')) return [line];
    } else if (!line.startsWith('until: ')) return [line];
    return [line, ...(seen[exchange]?.[step] ?? []).map((each) => `< ${each}`)];
  });
  return lines.join('\n');
}
