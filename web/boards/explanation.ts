// What the laboratory says of a flash, by the names that the page has for it: its elements are called maps, too.
export type { ExplainedRange, FlashMap as Explanation, RangeKind } from 'dfukit/lab';
