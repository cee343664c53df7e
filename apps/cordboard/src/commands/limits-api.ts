/** The console's call limits by HTTP. */
import type { Place } from './ask.js';

export interface LimitsRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** JSON. */
  readonly body?: object;
  /** A file as it is; without a type it is JSON. */
  readonly file?: { readonly text: string; readonly type: string };
  readonly headers?: Readonly<Record<string, string>>;
}

/** @throws Error with a sentence for each mistake */
export async function callLimits(path: string, { url, apiKey }: Place, { method = 'GET', body, file, headers }: LimitsRequest = {}): Promise<Response> {
  const content = body === undefined ? file : { text: JSON.stringify(body), type: 'application/json' };
  let reply: Response;
  try {
    reply = await fetch(`${url}/api/v1/limits/${path}`, {
      method,
      headers: {
        ...(content === undefined ? {} : { 'content-type': content.type }), ...headers, ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      ...(content === undefined ? {} : { body: content.text }),
    });
  } catch {
    throw new Error(`no console answers at ${url}; is the cluster running? --url names another one`);
  }
  if (reply.ok) return reply;
  throw new Error(sentenceOf(await reply.json().catch(() => ({})), reply.status));
}

function sentenceOf(answer: unknown, status: number): string {
  const { message, errors = [] } = answer as { message?: string; errors?: { field: string; message: string }[] };
  if (errors.length > 0) return errors.map(({ field, message: what }) => (field === '' ? what : `${field} ${what}`)).join('\n');
  return message ?? `the console answered ${status}`;
}
