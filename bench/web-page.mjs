// A page in Chromium, and how busy its own thread is while something is done in it.
import { median } from './figure.mjs';

/** A task that takes longer is a stall: what a person does meanwhile is answered late. */
export const STALL_MS = 50;

const MARK = 'bench-here';
const RUN = 'ThreadControllerImpl::RunTask';
const categories = ['toplevel', 'blink.user_timing'];

/** A page with nothing in it yet, in a browser that knows nothing of the site. */
export async function emptyPage(browser, { watch } = {}) {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await context.newPage();
  const files = new Set();
  page.on('request', (request) => files.add(new URL(request.url()).pathname));
  page.on('pageerror', (error) => {
    throw error;
  });
  if (watch !== undefined) await page.addInitScript(watch);
  return { page, files, close: () => context.close() };
}

/** Tasks of the thread that the page itself runs in, as a trace has them; it says which one that is. */
function tasksOf({ traceEvents }) {
  const here = traceEvents.find(({ name }) => name === MARK);
  if (here === undefined) throw new Error('the trace does not say which thread is the page’s');
  return traceEvents.filter(
    ({ name, ph, pid, tid }) => name === RUN && ph === 'X' && pid === here.pid && tid === here.tid,
  );
}

const most = (values) => Math.max(0, ...values);

/**
 * Does something to a page, and answers what came of it and how busy the page's thread was: stalls, the longest task, and
 * what its tasks cost in processor time, which hardly depends on what else the machine does.
 */
export async function busyDuring(browser, page, work) {
  await browser.startTracing(page, { categories });
  let trace;
  let value;
  try {
    value = await work();
    await page.evaluate((mark) => performance.mark(mark), MARK);
  } finally {
    trace = await browser.stopTracing();
  }
  const tasks = tasksOf(JSON.parse(trace.toString()));
  if (tasks.length === 0) throw new Error('the trace has no task of the page');
  const tookMs = tasks.map(({ dur }) => dur / 1000);
  const ownMs = tasks.map(({ tdur = 0 }) => tdur / 1000);
  return {
    value,
    stalls: tookMs.filter((ms) => ms > STALL_MS).length,
    longestMs: most(tookMs),
    longestOwnMs: most(ownMs),
    ownMs: ownMs.reduce((sum, ms) => sum + ms, 0),
  };
}

/** The middle of several of these. */
export function middleOf(all) {
  const of = (name) => median(all.map((each) => each[name]));
  return {
    stalls: of('stalls'),
    longestMs: of('longestMs'),
    longestOwnMs: of('longestOwnMs'),
    ownMs: of('ownMs'),
  };
}
