/** Subjects and patterns: tokens parted by dots, `*` for one token, `>` for the rest (as NATS has them). */

const SUBJECT = /^[^\s.*>]+(\.[^\s.*>]+)*$/;
const PATTERN = /^([^\s.*>]+|\*)(\.([^\s.*>]+|\*))*(\.>)?$|^>$/;

/** A subject that can be published to. */
export const isSubject = (text: string): boolean => SUBJECT.test(text);

/** A subject, or one with wildcards. */
export const isPattern = (text: string): boolean => PATTERN.test(text);

export const hasWildcard = (pattern: string): boolean => pattern.includes('*') || pattern.includes('>');

/** Whether `subject` is one that `pattern` stands for. */
export function matches(pattern: string, subject: string): boolean {
  if (pattern === '>' || pattern === subject) return true;
  if (!hasWildcard(pattern)) return false;
  const wanted = pattern.split('.');
  const tokens = subject.split('.');
  for (let i = 0; i < wanted.length; i += 1) {
    if (wanted[i] === '>') return tokens.length > i;
    if (i >= tokens.length || (wanted[i] !== '*' && wanted[i] !== tokens[i])) return false;
  }
  return wanted.length === tokens.length;
}
