/** The API as programs read it. */
import { Controller, Get } from '@nestjs/common';
import { openApi } from './openapi.js';
import { LIMITS_CONTROLLERS } from './controllers.js';
import { RULE_SCHEMAS } from './rules.controller.js';

@Controller('api/v1/openapi.json')
export class OpenApiController {
  #document: object | undefined;

  @Get()
  get(): object {
    this.#document ??= openApi(LIMITS_CONTROLLERS, RULE_SCHEMAS);
    return this.#document;
  }
}
