/** What the pages of the area pipelines say, in Korean. */
import type { pipelines as en } from '../en/pipelines';

export const pipelines: Record<keyof typeof en, string> = {
  'pipelines.title': '파이프라인',
};
