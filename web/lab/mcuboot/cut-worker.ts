import type { CutProgress } from 'dfukit/lab';
import { answerCalls } from '../worker/calls.ts';
import type { CutOrder } from './cut-calls.ts';
import { CutStage } from './cut-stage.ts';

const stage = new CutStage();

answerCalls({
  explore: (order: CutOrder, tell: (progress: CutProgress) => Promise<void>) =>
    stage.explore(order, tell),
  vectors: (finding: number) => stage.vectors(finding),
});
