// What the wire says in its own way, as JavaScript has it: instants, amounts, JSON. Pure.

/** A value that JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
/** Named values. */
export type JsonObject = Readonly<Record<string, Json>>;

/** Microseconds since the epoch as a Date, which has milliseconds; 0, which means "not yet", as undefined. */
export function instant(micros: bigint): Date | undefined {
  return micros === 0n ? undefined : new Date(Number(micros / 1000n));
}

/** A Date as microseconds since the epoch; undefined as 0. */
export function micros(at: Date | undefined): bigint {
  if (at === undefined) return 0n;
  if (Number.isNaN(at.getTime())) throw new RangeError("an invalid Date");
  return BigInt(at.getTime()) * 1000n;
}

/** Decimal digits of millionths, as sums of costs are sent, as an exact decimal number: "1500000" is "1.500000". */
export function amount(millionths: string): string {
  const value = BigInt(millionths || "0");
  const digits = (value < 0n ? -value : value).toString().padStart(7, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** A value as JSON text; undefined as nothing. */
export function toJson(value: Json | undefined): string {
  return value === undefined ? "" : JSON.stringify(value);
}

/** JSON text as a value; nothing as undefined. */
export function fromJson(text: string): unknown {
  return text === "" ? undefined : JSON.parse(text);
}
