/**
 * Devices as they are in the field, each with command lines and what comes of them: for the tests of the commands, and
 * for the kernel lab.
 */
import { dfuseCases } from './dfuse-cases.ts';
import { plainCases } from './plain-cases.ts';
import type { FieldCase } from './words.ts';

export { FieldDevice } from './field-device.ts';
export type { FieldCase, FieldTry } from './words.ts';

export const fieldCases: readonly FieldCase[] = [...dfuseCases, ...plainCases];
