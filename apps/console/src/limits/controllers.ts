/** Everything below `/api/v1/limits`. */
import type { Type } from '@nestjs/common';
import { AniController } from './ani.controller.js';
import { AniCsvController } from './ani-csv.controller.js';
import { AuditController } from './audit.controller.js';
import { BackupController } from './backup.controller.js';
import { ModeController } from './mode.controller.js';
import { RulesController } from './rules.controller.js';
import { RulesCsvController } from './rules-csv.controller.js';
import { UsageController } from './usage.controller.js';

export const LIMITS_CONTROLLERS: readonly Type[] = [
  ModeController, RulesController, RulesCsvController, AniController, AniCsvController, UsageController, AuditController, BackupController,
];
