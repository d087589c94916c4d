/** A filter that is typed whole: it counts once it is left or confirmed, and follows the URL. */
import { useEffect, useState } from 'react';
import { Input } from '../../parts/Field';

export function Typed({ label, value, put }: { label: string; value: string; put: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const say = () => {
    if (typed.trim() !== value) put(typed.trim());
  };
  return <Input aria-label={label} placeholder={label} value={typed} onChange={(event) => setTyped(event.target.value)} onBlur={say} onKeyDown={(event) => event.key === 'Enter' && say()} autoComplete="off" spellCheck={false} />;
}
