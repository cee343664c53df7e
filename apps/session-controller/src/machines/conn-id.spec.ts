import { CallNames, callUuid } from './conn-id.js';

const zeros = (count: number): Uint8Array => new Uint8Array(count);

describe('CallNames', () => {
  it('puts the server-id first, then the start, then a counter', () => {
    const names = new CallNames(1, 0x12345_000, zeros);
    const boot = Math.floor(0x12345_000 / 1000).toString(16).padStart(5, '0');
    expect(names.next(5).connID).toBe(`001${boot}00000001`);
    expect(names.next(5).connID).toBe(`001${boot}00000002`);
  });

  it('keeps 16 digits for the largest server-id and after 2^20 seconds', () => {
    const { connID } = new CallNames(4095, 1_795_000_000_000, zeros).next(0);
    expect(connID).toMatch(/^fff[0-9a-f]{13}$/);
  });

  it('tells two starts of one node apart', () => {
    const first = new CallNames(7, 1_000_000, zeros).next(0).connID;
    const second = new CallNames(7, 1_001_000, zeros).next(0).connID;
    expect(first).not.toBe(second);
  });
});

describe('callUuid', () => {
  it('writes five bits per character', () => {
    expect(callUuid(new Uint8Array(20).fill(0xff))).toBe('V'.repeat(32));
    expect(callUuid(Uint8Array.from([0b00001_000, 0b10_00011_0, 0, 0, 0]))).toBe('12300000');
  });
});
