/** A program that floods: `flood.js FROM TO RATE SECONDS`, addresses as host:port, RATE in INVITEs a second. Says how many it sent. */
import { createSocket } from 'node:dgram';

const TICK_MS = 2;
const [from = '', to = '', rate = '', seconds = ''] = process.argv.slice(2);
const [host = '', port = ''] = from.split(':');
const [proxy = '', proxyPort = ''] = to.split(':');

const socket = createSocket('udp4');
socket.bind(Number(port), host, () => {
  const startMs = performance.now();
  let sent = 0;
  const tick = setInterval(() => {
    const elapsedMs = Math.min(performance.now() - startMs, Number(seconds) * 1_000);
    for (const due = elapsedMs / 1_000 * Number(rate); sent < due; sent += 1) socket.send(invite(sent), Number(proxyPort), proxy);
    if (elapsedMs < Number(seconds) * 1_000) return;
    clearInterval(tick);
    // Everything sent before it has left.
    socket.send(invite(sent), Number(proxyPort), proxy, () => {
      console.log(`${sent + 1} sent`);
      socket.close();
    });
  }, TICK_MS);
});

const invite = (n: number): string => [
  `INVITE sip:5000@${to} SIP/2.0`, `Via: SIP/2.0/UDP ${from};branch=z9hG4bKflood${process.pid}x${n}`, `From: <sip:flood@${host}>;tag=${n}`,
  `To: <sip:5000@${to}>`, `Call-ID: flood-${process.pid}-${n}@${host}`, 'CSeq: 1 INVITE', 'Max-Forwards: 70', `Contact: <sip:flood@${from}>`,
  'Content-Length: 0', '', '',
].join('\r\n');
