import { anywhere } from './anywhere.ts';

Object.assign(globalThis, { outcome: anywhere() });
