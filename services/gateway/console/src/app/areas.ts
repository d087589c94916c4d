/** All areas of the console. */
import { area as assets } from '../pages/assets/routes';
import { area as audit } from '../pages/audit/routes';
import { area as builder } from '../pages/builder/routes';
import { area as home } from '../pages/home/routes';
import { area as lineage } from '../pages/lineage/routes';
import { area as operate } from '../pages/operate/routes';
import { area as pipelines } from '../pages/pipelines/routes';
import { area as run } from '../pages/run/routes';
import { area as settings } from '../pages/settings/routes';
import type { Area } from './area';

export const AREAS: Area[] = [home, pipelines, builder, run, assets, lineage, operate, audit, settings];
