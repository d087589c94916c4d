/** Why something is done, where the server keeps that. Knows no act. */
import { t } from '../i18n';
import { Field, TextArea } from './Field';

/** The audit, as metadata of the call (docs/audit.md); or the log of a run or a backfill as well, as part of the act. */
export type KeptIn = 'audit' | 'log';

/** Characters. The audit keeps 512 bytes, of which a character may take three. */
const MOST: Record<KeptIn, number> = { audit: 160, log: 500 };

export function Reason({ kept, value, change }: { kept: KeptIn; value: string; change: (text: string) => void }) {
  return (
    <Field label={t('parts.reason')} hint={t(`parts.reason.${kept}`)} optional>
      {(id, described) => <TextArea prose id={id} aria-describedby={described} rows={2} maxLength={MOST[kept]} value={value} onChange={(event) => change(event.target.value)} />}
    </Field>
  );
}
