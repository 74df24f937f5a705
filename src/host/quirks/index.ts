/** Devices that do not say the truth about themselves: a table, a person's own rows, and how both are read. */
export { CONDITIONS, FIELDS, fieldsText } from './fields.ts';
export { gd32Layout } from './gd32.ts';
export { quirkRowsFor, quirksFor } from './lookup.ts';
export { parseQuirk, parseQuirkFile } from './parse.ts';
export type { AppliedQuirk, Quirk, QuirkCondition, QuirkRow, QuirkSubject } from './quirk.ts';
export { QUIRKS } from './table.ts';
