import { characterCount, decodeStrictUtf8, isStorableText, validationFailed, type FormPart } from '#http';
import type { CodedError } from '#kernel';

import { isExternalId } from './source-reference.js';
import { parseMetadata } from './source-metadata.js';

/** What the fields of an upload's form say. */
export interface SaidFields {
  readonly sourceId: string | undefined;
  readonly name: string | undefined;
  readonly metadata: Record<string, unknown> | undefined;
}

/** Asked as soon as the id is known; throws when it cannot be made. */
export type MayCreate = (sourceId: string) => Promise<void>;

type Field = 'source_id' | 'name' | 'metadata';

const FIELDS: readonly Field[] = ['source_id', 'name', 'metadata'];
const MAX_NAME = 1024;
/** Most bytes of a field. */
const FIELD_LIMIT = 128 * 1024;

/** The fields beside the file of an upload's form, as they come. */
export class FormFields {
  /** The text of each field, empty for one that was left empty. */
  private readonly texts = new Map<Field, string>();

  constructor(private readonly mayCreate: MayCreate) {}

  /** Reads a part. Throws `validation_failed` for one that is no field, comes again, or cannot be the text it is to be. */
  async take(part: FormPart): Promise<void> {
    const field = FIELDS.find((name) => name === part.name);
    if (field === undefined)
      throw wrong(part.name.slice(0, 100), 'is not a field of this operation', 'unknown');
    if (this.texts.has(field)) throw wrong(field, 'may be given once only');
    const value = await readText(field, part.body);
    this.texts.set(field, value);
    // Browsers send a part for every input of a form, also for those left empty.
    if (field !== 'source_id' || value === '') return;
    if (!isExternalId(value)) throw wrong(field, 'must be text of 1 to 1024 characters without NUL');
    await this.mayCreate(value);
  }

  /** What they say, once all have come. */
  read(): SaidFields {
    const [sourceId, name, metadata] = FIELDS.map((field) => this.texts.get(field) || undefined);
    if (name !== undefined && !isName(name))
      throw wrong('name', `must be text of 1 to ${MAX_NAME} characters without NUL`);
    return { sourceId, name, metadata: metadata === undefined ? undefined : parseMetadata(metadata) };
  }
}

/** Whether a text can be the name of a source. */
export function isName(text: string): boolean {
  return text.length > 0 && isStorableText(text) && characterCount(text) <= MAX_NAME;
}

/** The 422 of one field. */
export function wrong(field: string, message: string, code: 'invalid' | 'unknown' = 'invalid'): CodedError {
  return validationFailed([{ field, code, message }]);
}

async function readText(field: Field, body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > FIELD_LIMIT) throw wrong(field, 'is too long');
    chunks.push(chunk);
  }
  const text = decodeStrictUtf8(Buffer.concat(chunks));
  if (text === null) throw wrong(field, 'must be text in UTF-8');
  return text;
}
