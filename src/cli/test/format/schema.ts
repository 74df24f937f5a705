import { schemaDocument } from '../../../bytes/index.ts';
import type { JsonSchema } from '../../../bytes/index.ts';
import { fileShape } from './file-shape.ts';

/** A text that has a variable in it: what it will be, no editor knows. */
const VARIABLE = String.raw`\$\{`;

/** Where a text is asked for, one with a variable in it is as good. */
function withVariables(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((each) => withVariables(each));
  if (typeof schema !== 'object' || schema === null) return schema;
  const { enum: choices, ...rest } = schema as JsonSchema;
  if (choices !== undefined) {
    return { ...rest, anyOf: [{ enum: choices }, { type: 'string', pattern: VARIABLE }] };
  }
  const entries = Object.entries(rest).map(([key, value]) => [key, withVariables(value)]);
  const { pattern, type, ...more } = Object.fromEntries(entries) as JsonSchema;
  const own = { ...(type !== undefined && { type }), ...more };
  if (typeof pattern !== 'string') return own;
  return { ...own, pattern: type === 'string' ? `(?:${pattern})|${VARIABLE}` : pattern };
}

/** The JSON schema of a scenario file. */
export function scenarioSchema(): object {
  const schema = schemaDocument(fileShape, {
    $id: 'https://unpkg.com/dfukit/schemas/test.schema.json',
    title: 'dfukit test',
    description: 'Scenarios of firmware updates on virtual boards',
  });
  return withVariables(schema) as object;
}
