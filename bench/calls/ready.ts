/** Waits until a SIP server answers. */
import { message } from './sip-text.js';
import { UdpEnd } from './udp-end.js';

const RETRY_MS = 100;
const PATIENCE_MS = 10_000;

/** @throws Error when nothing answers within ten seconds */
export async function answersOptions(host: string, port: number): Promise<void> {
  const end = await UdpEnd.open('127.0.31.250', 0);
  let asked = 0;
  const ask = () => end.send(message(`OPTIONS sip:${host}:${port} SIP/2.0`, [
    `Via: SIP/2.0/UDP 127.0.31.250;branch=z9hG4bKready${asked += 1};rport`, 'Max-Forwards: 70', 'From: <sip:ready@127.0.31.250>;tag=r',
    `To: <sip:${host}>`, `Call-ID: ready-${process.pid}`, `CSeq: ${asked} OPTIONS`,
  ]), host, port);
  const retry = setInterval(ask, RETRY_MS);
  const silence = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`nothing answers at ${host}:${port}`)), PATIENCE_MS).unref();
  });
  try {
    await Promise.race([new Promise<void>((resolve) => { end.onMessage = () => resolve(); }), silence]);
  } finally {
    clearInterval(retry);
    await end.close();
  }
}
