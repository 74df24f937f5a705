import { LANGUAGE_NAMES } from '../index.ts';

/** The objects behind each other in which a name of the world is looked for. */
function chainOf(world: object): object[] {
  const chain: object[] = [];
  for (
    let holder: object | null = world;
    holder !== null && holder !== Object.prototype;
    holder = Object.getPrototypeOf(holder) as object | null
  ) {
    chain.push(holder);
  }
  return chain;
}

/** Away with it, or what cannot go gives nothing. Answers whether nothing is left that can do anything. */
function take(holder: object, name: string): boolean {
  if (Reflect.deleteProperty(holder, name)) return true;
  const nothing = { value: undefined, writable: false, configurable: false };
  if (Reflect.defineProperty(holder, name, nothing)) return true;
  // A number, which WebIDL nails down, is none the worse for it.
  const left = Object.getOwnPropertyDescriptor(holder, name);
  return left?.get === undefined && Object(left?.value) !== left?.value;
}

/** What stands in the place of `eval` and of the constructors of functions: texts are no programs here. */
function refuseText(): never {
  throw new EvalError('a firmware cannot make programs of texts');
}

/** The constructors of functions are also reached from every function. */
function takeTextPrograms(world: object): void {
  const kinds = [
    () => {},
    async () => {},
    function* generator() {
      yield 0;
    },
    async function* generator() {
      yield 0;
    },
  ].map((each) => Object.getPrototypeOf(each) as object);
  for (const kind of kinds) {
    const refusing = function Function(): never {
      return refuseText();
    };
    refusing.prototype = kind;
    Object.defineProperty(kind, 'constructor', { value: refusing });
  }
  const { constructor } = Function.prototype;
  Object.defineProperty(world, 'Function', { value: constructor });
}

/**
 * Takes everything from a worker's global object but the language. What its engine does not let go of, it says:
 * nothing is to run there then. It is a wall against mistakes. Whoever finds a way to an object of the browser that is not among the
 * names has that object.
 */
export function bareWorker(world: object): readonly string[] {
  const left: string[] = [];
  takeTextPrograms(world);
  for (const holder of chainOf(world)) {
    for (const name of Object.getOwnPropertyNames(holder)) {
      const isKept = holder === world && LANGUAGE_NAMES.has(name);
      if (!isKept && !take(holder, name)) left.push(name);
    }
  }
  return left;
}
