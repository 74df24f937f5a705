import { DfuError } from '../bytes/index.ts';

/** How long a server may keep silent, in ms: before its answer and between two pieces of it. */
const SILENCE_MS = 30_000;
/** How long a whole file may take, in ms. */
const WHOLE_MS = 600_000;

/** What is fetched, and what it may come to. */
interface FetchTerms {
  /** What it is, for messages: `the manifest`. */
  readonly what: string;
  readonly mostBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of the page's server, and where they came from after redirections. */
interface Fetched {
  readonly url: string;
  readonly bytes: Uint8Array;
}

/**
 * Fetches no more than so many bytes, in bounded time.
 * Throws `NOT_FOUND` if there is no such file, `IO` if it cannot be had, `OUT_OF_RANGE` beyond the size, `TIMEOUT`, `ABORTED`.
 */
export async function fetchBounded(url: string, terms: FetchTerms): Promise<Fetched> {
  const limit = new Limit(terms);
  try {
    const response = await limit.within(fetch(url, { signal: limit.signal }));
    if (!response.ok) throw notGiven(response, url, terms);
    return { url: response.url === '' ? url : response.url, bytes: await read(response, limit) };
  } catch (error) {
    throw limit.error(error, url);
  } finally {
    limit.over();
  }
}

function notGiven({ status }: Response, url: string, { what }: FetchTerms): DfuError {
  const isMissing = status === 404 || status === 410;
  const message = `${what}: ${url} ${isMissing ? 'is not there' : 'cannot be had'} (HTTP status ${status})`;
  return new DfuError(isMissing ? 'NOT_FOUND' : 'IO', message);
}

async function read({ body }: Response, limit: Limit): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  limit.count(0);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await limit.within(reader.read());
    if (done) break;
    length += value.length;
    limit.count(length);
    pieces.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** What ends a fetch early: time, size, or whoever asked for it. */
class Limit {
  readonly #terms: FetchTerms;
  readonly #controller = new AbortController();
  readonly #whole: ReturnType<typeof setTimeout>;
  readonly #abort = (): void => this.#controller.abort();
  #late: string | undefined;
  /** What has come so far, once an answer has begun. */
  #bytes: number | undefined;

  constructor(terms: FetchTerms) {
    this.#terms = terms;
    this.#whole = this.#after(WHOLE_MS, `not complete after ${WHOLE_MS / 60_000} minutes`);
    terms.signal?.addEventListener('abort', this.#abort);
    if (terms.signal?.aborted === true) this.#abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #after(ms: number, late: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => {
      this.#late = late;
      this.#abort();
    }, ms);
  }

  async within<T>(promise: Promise<T>): Promise<T> {
    const silence = this.#after(SILENCE_MS, `the server was silent for ${SILENCE_MS / 1000} s`);
    try {
      return await promise;
    } finally {
      clearTimeout(silence);
    }
  }

  /** So much has come. Throws `OUT_OF_RANGE`. */
  count(length: number): void {
    const { what, mostBytes } = this.#terms;
    this.#bytes = length;
    if (length <= mostBytes) return;
    throw new DfuError('OUT_OF_RANGE', `${what}: expected ${mostBytes} bytes at most, got more`);
  }

  error(error: unknown, url: string): DfuError {
    const { what, signal } = this.#terms;
    if (DfuError.is(error)) return error;
    if (this.#late !== undefined) {
      return new DfuError('TIMEOUT', `${what}: ${url}: ${this.#late}`, { cause: error });
    }
    if (signal?.aborted === true) return new DfuError('ABORTED', `${what}: no longer wanted`);
    const why =
      this.#bytes === undefined
        ? 'no connection, or its server does not let this page read it'
        : `it broke off after ${this.#bytes} bytes`;
    const message = `${what}: ${url} cannot be had: ${why}`;
    return new DfuError('IO', message, { cause: error });
  }

  /** Ends what is still coming: nobody reads it. */
  over(): void {
    clearTimeout(this.#whole);
    this.#terms.signal?.removeEventListener('abort', this.#abort);
    this.#abort();
  }
}
