import type { FlowDevice, FlowEnding, FlowState } from '../flow/index.ts';
import type { View } from './view.ts';

/** The one line that says where the element stands; it is read aloud when it changes. */
interface Status {
  readonly text: string;
  readonly rating: FlowEnding['rating'] | '';
}

const plain = (text: string): Status => ({ text, rating: '' });
const bad = (text: string): Status => ({ text, rating: 'bad' });

export function statusOf(view: View): Status {
  return problemOf(view) ?? statusOfStep(view.driver.state, view);
}

/** What is wrong comes before what is to be done. */
function problemOf({ driver, texts, say }: View): Status | undefined {
  const { state, problem, fileProblem } = driver;
  const { step } = state;
  if (step === 'idle' && problem !== undefined) return bad(texts.settingsProblem(problem));
  if (step !== 'idle' && step !== 'connected' && step !== 'chosen') return undefined;
  if (fileProblem !== undefined) return bad(texts.fileProblem(fileProblem));
  const told = step === 'chosen' ? state.file.refused : state.problem;
  return told === undefined ? undefined : bad(say(told.said));
}

/** Whether they are one device, as several boards. */
function isOne(devices: readonly FlowDevice[]): boolean {
  return new Set(devices.map(({ interfaces: [first] }) => first?.deviceId)).size === 1;
}

function statusOfStep(state: FlowState, { driver, texts, say }: View): Status {
  switch (state.step) {
    case 'idle':
      return plain(driver.isLoading ? texts.loading : texts.hint);
    case 'unsupported':
      return plain('');
    case 'connecting':
      return plain(texts.connecting);
    case 'choosing':
      return plain(isOne(state.devices) ? texts.chooseBoard : texts.chooseDevice);
    case 'connected':
      return plain(texts.found(state.device));
    case 'reading':
      return plain(texts.reading(state.name));
    case 'chosen':
      return plain(state.file.isReady ? texts.ready(state.file) : texts.found(state.device));
    case 'working':
      return plain(driver.isStopping ? texts.stopping : texts.phases[state.progress.phase]);
    case 'ended':
      return { text: say(state.ending.said), rating: state.ending.rating };
    default:
      return state satisfies never;
  }
}
