/** All messages of the language, by key. One file per area. */
import { assets } from './assets';
import { audit } from './audit';
import { builder } from './builder';
import { builderForms } from './builder-forms';
import { builderParts } from './builder-parts';
import { builderSave } from './builder-save';
import { diff } from './diff';
import { graph } from './graph';
import { home } from './home';
import { lineage } from './lineage';
import { members } from './members';
import { operate } from './operate';
import { parts } from './parts';
import { pipelines } from './pipelines';
import { run } from './run';
import { settings } from './settings';
import { shell } from './shell';

export const en = {
  ...shell,
  ...parts,
  ...diff,
  ...graph,
  ...home,
  ...pipelines,
  ...builder,
  ...builderForms,
  ...builderParts,
  ...builderSave,
  ...run,
  ...assets,
  ...lineage,
  ...members,
  ...operate,
  ...audit,
  ...settings,
} as const;
