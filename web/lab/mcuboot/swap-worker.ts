import { answerCalls } from '../worker/calls.ts';
import type { Scenario } from './scenario-choices.ts';
import type { Story } from './story.ts';
import type { Moment } from './swap-calls.ts';
import { SwapStage } from './swap-stage.ts';

const stage = new SwapStage();

answerCalls({
  open: (scenario: Scenario) => stage.open(scenario),
  play: (story: Story) => stage.play(story),
  tell: (moment: Moment) => stage.tell(moment),
  explain: (moment: Moment) => stage.explain(moment),
});
