/** Tones as sound files, and how much of a tone is in one. Mono, 8 kHz, 16 bit. */

const RATE = 8_000;
const HEADER_BYTES = 44;
const LOUDNESS = 8_000;
export const BYTES_PER_MS = 16;

/** A WAV file with that tone. */
export function makeTone(hz: number, seconds: number): Buffer {
  const samples = RATE * seconds;
  const wav = Buffer.alloc(HEADER_BYTES + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(wav.length - 8, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  [1, 1].forEach((value, index) => wav.writeUInt16LE(value, 20 + index * 2));
  [RATE, RATE * 2].forEach((value, index) => wav.writeUInt32LE(value, 24 + index * 4));
  [2, 16].forEach((value, index) => wav.writeUInt16LE(value, 32 + index * 2));
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i += 1) wav.writeInt16LE(Math.round(LOUDNESS * Math.sin((2 * Math.PI * hz * i) / RATE)), HEADER_BYTES + i * 2);
  return wav;
}

/** The part of the sound's power that lies at that tone, 0 to 1 (Goertzel); 0 for silence. Of its last `lastMs`, or of all. */
export function shareOfTone(wav: Buffer, hz: number, lastMs = Infinity): number {
  const data = Math.max(wav.indexOf('data') + 8, wav.length - Math.min(wav.length, lastMs * BYTES_PER_MS));
  const count = Math.floor((wav.length - data) / 2);
  const step = 2 * Math.cos((2 * Math.PI * hz) / RATE);
  let [power, last, before] = [0, 0, 0];
  for (let i = 0; i < count; i += 1) {
    const sample = wav.readInt16LE(data + i * 2);
    power += sample * sample;
    [last, before] = [sample + step * last - before, last];
  }
  return power === 0 ? 0 : (2 * (last * last + before * before - step * last * before)) / (count * power);
}
