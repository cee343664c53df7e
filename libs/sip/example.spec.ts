import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { answerOptions } from './example.js';

const here = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

it('is what the README shows', () => expect(here('README.md')).toContain(`\`\`\`ts\n${here('example.ts')}\`\`\``));

it.each([['OPTIONS', 'SIP/2.0 200 OK'], ['INVITE', 'SIP/2.0 405 Method Not Allowed']])('answers %s with %s', async (method, statusLine) => {
  const server = await answerOptions('127.0.0.1', 0);
  const client = createSocket('udp4');
  const headers = ['Via: SIP/2.0/UDP h;rport;branch=z9hG4bK1', 'From: <sip:a@h>;tag=1', 'To: <sip:b@h>', 'Call-ID: 1', `CSeq: 1 ${method}`, 'Max-Forwards: 70'];
  client.send(`${[`${method} sip:b@h SIP/2.0`, ...headers].join('\r\n')}\r\n\r\n`, server.listening[0]?.port ?? 0, '127.0.0.1');
  const [answer] = await once(client, 'message') as [Buffer];
  expect(answer.toString().split('\r\n')[0]).toBe(statusLine);
  client.close();
  await server.close();
});
