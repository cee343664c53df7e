/** Which of the 1,024 keys of the bucket has an entry. All versions must agree: the keys are stored. */
import { codeOf } from './ani-columns.js';

export const ANI_SHARDS = 1_024;

/** Of an entry's number as it is kept (`aniText`). */
export function aniShardOf(number: string): number {
  if (/^\+?\d+$/.test(number)) return ofCodeOr(codeOf('number', number), number);
  if (/^\+?\d+\*$/.test(number)) return ofCodeOr(codeOf('prefix', number.slice(0, -1)), number);
  return shardOfText(number);
}

/** Of a number or prefix of few digits. */
export function shardOfCode(code: number): number {
  const low = code >>> 0;
  const high = (code / 2 ** 32) >>> 0;
  return finish(Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1));
}

function ofCodeOr(code: number | undefined, text: string): number {
  return code === undefined ? shardOfText(text) : shardOfCode(code);
}

/** FNV-1a over UTF-16 units. */
function shardOfText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return finish(hash);
}

/** Mixes high bits down; without it, numbers in a row would share their shards. */
function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (mixed ^ (mixed >>> 15)) & (ANI_SHARDS - 1);
}
