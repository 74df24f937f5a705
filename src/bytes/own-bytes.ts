/** Bytes that own their memory, as WebCrypto and WebUSB ask for. */
export type OwnBytes = Uint8Array<ArrayBuffer>;
