/** A secret that is shown now and never again: to copy, and closed only on purpose. */
import { t } from '../../i18n';
import { Button } from '../../parts/Button';
import { CodeBlock } from '../../parts/Code';
import { Dialog } from '../../parts/Dialog';
import { Icon } from '../../parts/Icon';
import css from './operate.module.css';

export interface Secret {
  title: string;
  /** What each is called, and itself. */
  of: { name: string; value: string }[];
}

export function Shown({ secret, close }: { secret: Secret; close: () => void }) {
  return (
    <Dialog
      title={secret.title}
      // A press beside the dialog must not lose what nobody can show again.
      close={() => undefined}
      foot={
        <Button kind="primary" onClick={close}>
          {t('operate.secret.kept')}
        </Button>
      }
    >
      <div className={css.stack}>
        <p className={css.warning}>
          <Icon name="warning" /> {t('operate.secret.once')}
        </p>
        {secret.of.map(({ name, value }) => (
          <div key={name}>
            <h3>{name}</h3>
            <CodeBlock label={name}>{value}</CodeBlock>
          </div>
        ))}
      </div>
    </Dialog>
  );
}
