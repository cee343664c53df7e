/** Long answers: pieces of a generator as a stream, so that nothing is held in memory twice and others are served between. */
import { StreamableFile } from '@nestjs/common';
import { Readable } from 'node:stream';

const CHUNK = 65_536;

export function* inChunks(pieces: Iterable<string>): Generator<Buffer> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < CHUNK) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

/** @param type media type; @param name of the file when it is saved */
export const fileOf = (pieces: Iterable<string>, type: string, name: string): StreamableFile =>
  new StreamableFile(Readable.from(inChunks(pieces)), { type, disposition: `attachment; filename="${name}"` });
