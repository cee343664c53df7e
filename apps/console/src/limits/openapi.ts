/** The OpenAPI 3.1 document of the call limits, from the notes at the handlers. */
import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { z } from 'zod';
import { API_NOTE, type ApiContent, type ApiNote, type JsonSchema } from './api-note.js';

export interface ApiRoute {
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly note: ApiNote | undefined;
}

/** What the controllers serve. */
export function routesOf(controllers: readonly Type[]): ApiRoute[] {
  return controllers.flatMap((controller) => {
    const base = Reflect.getMetadata(PATH_METADATA, controller) as string;
    const handlers = Object.getOwnPropertyNames(controller.prototype).map((name) => (controller.prototype as Record<string, object>)[name] as object);
    return handlers.filter((handler) => Reflect.hasMetadata(METHOD_METADATA, handler)).map((handler) => ({
      method: (RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod] as string).toLowerCase(),
      path: `/${base}/${Reflect.getMetadata(PATH_METADATA, handler) as string}`.replace(/\/+$/, '').replace(/\/+/g, '/').replace(/:(\w+)/g, '{$1}'),
      note: Reflect.getMetadata(API_NOTE, handler) as ApiNote | undefined,
    }));
  });
}

const ERRORS: JsonSchema = {
  type: 'object', required: ['message'],
  properties: {
    message: { type: 'string' },
    errors: {
      type: 'array', items: { type: 'object', required: ['field', 'message'], properties: { field: { type: 'string' }, message: { type: 'string' } } },
    },
  },
};

const REFUSALS: Readonly<Record<string, string>> = {
  400: 'What is wrong, field by field', 401: 'No key, or none of the console\'s', 403: 'The key may not', 404: 'There is none',
  503: 'The store does not answer now',
};

const LATE = 'Made; notInForce names the proxies that did not say so within 2 s';

export function openApi(controllers: readonly Type[], schemas: Readonly<Record<string, object>>): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, path, note } of routesOf(controllers)) if (note !== undefined) (paths[path] ??= {})[method] = operationOf(method, path, note);
  return {
    openapi: '3.1.0',
    info: { title: 'Cordboard call limits', version: '1', description: 'docs/limits-of-calls.md' },
    security: [{ key: [] }],
    paths,
    components: { schemas: { ...schemas, Refusal: ERRORS }, securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
  };
}

function operationOf(method: string, path: string, note: ApiNote): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const header = note.ifMatch === undefined ? [] : [{ name: 'If-Match', in: 'header', schema: { type: 'string' }, description: 'The version, in quotes' }];
  const parameters = [...inPath, ...queryParameters(note.query), ...header];
  return {
    operationId: `${method}${path.slice('/api/v1'.length).replace(/[/.{}]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary: note.summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(note.body === undefined ? {} : { requestBody: { required: true, content: contentOf(note.body) } }),
    responses: responsesOf(note),
  };
}

function queryParameters(query: z.ZodObject | undefined): object[] {
  if (query === undefined) return [];
  const { properties = {} } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' });
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema }));
}

function responsesOf({ status, answer, isChange, ifMatch }: ApiNote): object {
  const refusal = (description: string) => ({ description, content: contentOf({ schema: { $ref: '#/components/schemas/Refusal' } }) });
  return {
    200: { description: 'Done', content: contentOf(answer) },
    ...(status === undefined ? {} : { [status]: { description: 'Made', content: contentOf(answer) } }),
    ...(isChange === undefined ? {} : { 202: { description: LATE, content: contentOf(answer) } }),
    ...Object.fromEntries(Object.entries(REFUSALS).map(([code, description]) => [code, refusal(description)])),
    ...(isChange === undefined ? {} : { 409: refusal('It meets another rule, or entry') }),
    ...(ifMatch === undefined ? {} : { 412: refusal('Changed meanwhile') }),
  };
}

const contentOf = (content: ApiContent): object =>
  ('schema' in content ? { 'application/json': { schema: content.schema } } : { [content.type]: { schema: { type: 'string' } } });
