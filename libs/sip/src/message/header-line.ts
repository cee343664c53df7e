/** Lines of our own making. */

const LINE_END = /[\r\n]+[ \t]*/g;

/** Text that can not end its line, whatever it was made of: what callers, agents or peers say must not become a header. */
export function oneLine(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replace(LINE_END, ' ') : text;
}

export function headerLine(name: string, value: string): string {
  return `${name}: ${oneLine(value)}\r\n`;
}
