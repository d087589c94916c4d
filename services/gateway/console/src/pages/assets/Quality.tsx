/** How good an asset is, by the latest results of its tests. */
import { named } from '../../i18n';
import { Mark } from '../../parts/Status';
import type { IconName } from '../../parts/Icon';
import type { Tone } from '../../parts/status';

const LOOKS: Record<string, [Tone, IconName]> = {
  HEALTHY: ['good', 'check'],
  WARNING: ['warn', 'warning'],
  UNHEALTHY: ['bad', 'cross'],
};

export function Quality({ of }: { of: string }) {
  const [tone, icon] = LOOKS[of] ?? ['idle', 'dot'];
  return (
    <Mark tone={tone} icon={icon}>
      {named('assets.quality', of)}
    </Mark>
  );
}
