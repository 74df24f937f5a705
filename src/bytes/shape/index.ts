export {
  eitherShape,
  listShape,
  madeShape,
  may,
  namedShape,
  need,
  objectShape,
  recordShape,
  schemaDocument,
} from './compounds.ts';
export type { NeededKey, ObjectOf, OptionalKey, ShapeKeys } from './compounds.ts';
export { choiceShape, flagShape, nothingShape, textShape, wholeShape } from './scalars.ts';
export { pathText, readShape } from './shape.ts';
export type { JsonSchema, Shape, ShapePath, ShapePlace } from './shape.ts';
