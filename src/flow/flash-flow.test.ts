import { expect, test } from 'vitest';
import { FlowBench, riotImage } from '../../test/support/flow-bench.ts';

test('a board goes from run-time mode to its new firmware', async () => {
  const bench = new FlowBench();
  await bench.xenon(riotImage(0, 1));
  const flow = bench.flow({ alternate: 1 });
  await bench.done(flow.connect());
  expect(flow.state).toMatchObject({ step: 'connected', device: { mode: 'runtime' } });
  await bench.done(flow.chooseFile('next.bin', riotImage(1, 2)));
  expect(flow.state).toMatchObject({ step: 'chosen', file: { isReady: true } });
  await bench.done(flow.flash());
  expect(flow.state).toMatchObject({
    step: 'ended',
    ending: { rating: 'good', outcome: 'written' },
  });
});
