import { FLOW_TEXTS } from './flow-texts.ts';
import type { FlowTextId } from './flow-texts.ts';

/** What is filled into a sentence: a number as a number, so that it can be written as a language writes it. */
export type FlowValues = Readonly<Record<string, string | number>>;

/**
 * A sentence for a person: which one it is, what is filled in, and how it reads in English. `inWords` says it in other
 * words.
 */
export interface FlowText {
  readonly id: FlowTextId;
  /** In English. */
  readonly text: string;
  readonly values: FlowValues;
}

/** Other words for some of the sentences, by their ids; `{name}` is where a value goes. */
export type FlowTexts = Readonly<Partial<Record<FlowTextId, string>>>;

/** What would turn the rest of a sentence round, or end it: devices and files may have it in their names. */
// oxlint-disable-next-line no-control-regex -- it is control characters that are looked for
const unruly = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** A sentence with its values in it; a name that has no value stays as it is written. */
function filled(pattern: string, values: FlowValues): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]).replace(unruly, '?') : whole,
  );
}

/** A sentence with these values. */
export function said(id: FlowTextId, values: FlowValues = {}): FlowText {
  return { id, text: filled(FLOW_TEXTS[id], values), values };
}

/** A sentence in the words that `texts` has for it; in English where it has none. */
export function inWords({ id, text, values }: FlowText, texts: FlowTexts = {}): string {
  const pattern = texts[id];
  return pattern === undefined ? text : filled(pattern, values);
}
