// What stands in an attribute, as the property that it is.

/** An attribute with JSON; what is none stays a text, and is told of when the settings are read. */
export function fromJson(value: string | null): unknown {
  if (value === null) return undefined;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** `verify` and `verify="true"`, `verify="false"`, and none. */
export function yesOrNo(value: string | null): boolean | undefined {
  return value === null ? undefined : value !== 'false';
}

export function numberOrName(value: string | null): number | string | undefined {
  if (value === null) return undefined;
  return /^\d{1,3}$/.test(value) ? Number(value) : value;
}

export function textOrNone(value: string | null): string | undefined {
  return value ?? undefined;
}
