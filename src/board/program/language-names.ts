/** The names of the language: what a program has besides its board. */
export const LANGUAGE_NAMES: ReadonlySet<string> = new Set(
  `Object Function Array Number parseFloat parseInt Boolean String Symbol Date Promise RegExp Error AggregateError
  EvalError RangeError ReferenceError SyntaxError TypeError URIError JSON Math Intl ArrayBuffer Uint8Array Int8Array
  Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array Uint8ClampedArray BigUint64Array
  BigInt64Array DataView Map BigInt Set WeakMap WeakSet Proxy Reflect FinalizationRegistry WeakRef decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape unescape isFinite isNaN Iterator Float16Array
  SuppressedError DisposableStack AsyncDisposableStack Infinity NaN undefined globalThis Atomics SharedArrayBuffer`.split(
    /\s+/,
  ),
);
