/** What the OpenAPI document says of a route, beside the handler that does it. */
import { SetMetadata } from '@nestjs/common';
import { z } from 'zod';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON, or a text of that type. */
export type ApiContent = { readonly schema: JsonSchema } | { readonly type: string };

export interface ApiNote {
  readonly summary: string;
  readonly query?: z.ZodObject;
  readonly body?: ApiContent;
  readonly answer: ApiContent;
  /** Answer of success; 200 when not given. */
  readonly status?: 201;
  /** May be answered 202: not in force at every proxy yet. */
  readonly isChange?: true;
  /** Takes the version in If-Match. */
  readonly ifMatch?: true;
}

export const API_NOTE = 'cordboard:api-note';

export const Api = (note: ApiNote): MethodDecorator => SetMetadata(API_NOTE, note);

/** `io`: as it is written, or as it is read. */
export function json(schema: z.ZodType): ApiContent {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { schema: rest };
}
