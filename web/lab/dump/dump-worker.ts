import { answerCalls } from '../worker/calls.ts';
import type { CallProgress } from '../worker/calls.ts';
import type { DumpOrder } from './dump-calls.ts';
import { explainDump } from './dump-reader.ts';
import { boardChoices } from './dump-source.ts';

answerCalls({
  boards: () => boardChoices(),
  explain: (order: DumpOrder, tell: (progress: CallProgress) => Promise<void>) =>
    explainDump(order, tell),
});
