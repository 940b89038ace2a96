import { CodedError, CommonErrors } from '#kernel';

/** The 400 for a form that breaks RFC 7578 or RFC 2046; quotes nothing of it. */
export function malformedForm(reason: string): CodedError {
  return new CodedError(CommonErrors.unparsable, `The form is malformed or incomplete: ${reason}.`);
}
