import { expect, test } from 'vitest';
import { VirtualClock } from './clock.ts';
import { Canceller } from './until.ts';
import { loadPart } from './load-part.ts';

const clock = new VirtualClock();

test('a part that is there is what was loaded', async () => {
  expect(await loadPart('adds', () => Promise.resolve({ add: 1 }), { clock })).toEqual({ add: 1 });
});

test('a part that cannot be had is an error with a code of its own, and can be had later', async () => {
  const gone = new TypeError('Failed to fetch');
  const tries = [() => Promise.reject(gone), () => Promise.resolve('here')];
  const load = (): Promise<string> =>
    loadPart('speaks DfuSe', () => tries.shift()?.() ?? Promise.reject(gone), { clock });
  await expect(load()).rejects.toMatchObject({
    code: 'NOT_LOADED',
    message: expect.stringMatching(/^the part .* speaks DfuSe .*Failed to fetch; .* try again$/),
    cause: gone,
  });
  expect(await load()).toBe('here');
});

test('a server that says nothing is not waited for without end', async () => {
  const never = (): Promise<never> => new Promise<never>(() => {});
  const loading = loadPart('reads back', never, { clock });
  const turn = (): Promise<void> => new Promise((done) => setImmediate(done));
  await expect(clock.run(loading, turn)).rejects.toMatchObject({
    code: 'NOT_LOADED',
    message: expect.stringContaining('no answer within 60 s'),
  });
});

test('nobody waits who has cancelled', async () => {
  const canceller = new Canceller();
  const wait = { clock, signal: canceller.signal };
  const loading = loadPart('reads back', () => new Promise<never>(() => {}), wait);
  canceller.cancel();
  await expect(loading).rejects.toMatchObject({ code: 'ABORTED' });
});
