/** Amounts between what somebody types and whole millionths, exactly: never through fractions of a computer. Pure. */

/** Millionths of `12.50`; undefined where it is no amount, or has more than six digits behind the point. */
export function microsOf(text: string): number | undefined {
  const found = /^(\d{1,12})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!found) return undefined;
  const micros = Number(found[1]) * 1_000_000 + Number((found[2] ?? '').padEnd(6, '0'));
  return Number.isSafeInteger(micros) ? micros : undefined;
}

/** `12.50` of 12500000: at least two digits behind the point. */
export function amountOf(micros: number): string {
  const digits = String(Math.abs(micros)).padStart(7, '0');
  const behind = digits.slice(-6).replace(/0{1,4}$/, '');
  return `${micros < 0 ? '-' : ''}${digits.slice(0, -6)}.${behind}`;
}

export const goodCurrency = (text: string): boolean => /^[A-Z]{3}$/.test(text);

/** Parts of a budget at which it is told, as `80, 100`; undefined where one is none. */
export function percentsOf(text: string): number[] | undefined {
  const given = text.split(/[\s,]+/).filter(Boolean);
  const numbers = given.map(Number);
  return numbers.every((one) => Number.isInteger(one) && one >= 1 && one <= 1000) ? numbers : undefined;
}
