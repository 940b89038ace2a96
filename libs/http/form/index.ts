export { PART_OVERHEAD_LIMIT, readFormParts, type FormPart } from './form-parts.js';
