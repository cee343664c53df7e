/** Lines out of a byte stream: ended by \n, a \r before it is ignored, empty ones are skipped (tlib-protocol §1). */

export const LINE_BYTES_MAX = 1_048_576;

export class LineFramer {
  #parts: Buffer[] = [];
  #pending = 0;

  /** `onLine` gets the text of a line, or undefined when its bytes are not UTF-8. Answers false when a line is too long. */
  push(chunk: Buffer, onLine: (line: string | undefined) => void): boolean {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      const line = this.#complete(chunk.subarray(from, end));
      from = end + 1;
      if (line === null) return false;
      if (line !== '') onLine(line);
    }
    const rest = chunk.subarray(from);
    if (rest.length === 0) return true;
    this.#parts.push(rest);
    this.#pending += rest.length;
    return this.#pending <= LINE_BYTES_MAX;
  }

  /** null when the line is too long, undefined when it is not UTF-8. */
  #complete(tail: Buffer): string | undefined | null {
    const length = this.#pending + tail.length;
    if (length > LINE_BYTES_MAX) return null;
    const bytes = this.#parts.length === 0 ? tail : Buffer.concat([...this.#parts, tail], length);
    this.#parts = [];
    this.#pending = 0;
    const text = bytes.toString('utf8');
    if (text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(bytes)) return undefined;
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }
}
