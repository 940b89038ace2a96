import type { ErrorKind } from '#kernel';

/** What can go wrong with stored objects. Beside these, a port raises `CommonErrors.payloadTooLarge` only. */
export const StorageErrors = {
  /** The store cannot be reached, or failed at something that may work later. */
  unavailable: { code: 'storage_unavailable', status: 503, title: 'The storage is unavailable' },
  /** The store let a call wait longer than it may: for a connection, for the first byte, or in the middle of a body. */
  timeout: { code: 'storage_timeout', status: 504, title: 'The storage does not answer in time' },
  /** The store refuses requests because its clock and ours differ by more than it tolerates. */
  clockSkewed: {
    code: 'storage_clock_skewed',
    status: 503,
    title: 'The clocks of the gateway and the storage differ too much',
  },
  /** The place that a binding names may not be reached. Seen by whoever sets a binding up, and by nobody else. */
  endpointRefused: {
    code: 'storage_endpoint_refused',
    status: 422,
    title: 'The endpoint of the storage is not allowed',
  },
  /** An object that should be there is missing, shorter or longer than recorded, or is not a plain file. */
  contentUnavailable: {
    code: 'content_unavailable',
    status: 500,
    title: 'The stored content cannot be read',
  },
  /** Space, inodes, quota or the largest file size are used up. Reads and removals still work. */
  insufficientStorage: { code: 'insufficient_storage', status: 507, title: 'The storage is full' },
  /** The source of a put ended early, failed, or the put was aborted. */
  uploadIncomplete: { code: 'upload_incomplete', status: 400, title: 'The upload is incomplete' },
  /** A multipart upload that was completed, aborted or never begun. */
  uploadNotFound: { code: 'upload_not_found', status: 404, title: 'No such multipart upload' },
  /** More or fewer bytes arrived than were declared. */
  sizeMismatch: { code: 'size_mismatch', status: 422, title: 'The size is not the declared one' },
  /** The bytes that arrived do not have the declared SHA-256. */
  checksumMismatch: {
    code: 'checksum_mismatch',
    status: 422,
    title: 'The checksum is not the declared one',
  },
  /** A put to a key that is taken. Keys are made fresh by the gateway, so this is never a client's doing. */
  objectExists: { code: 'object_exists', status: 409, title: 'The object exists already' },
  /** A key of a shape that the gateway never makes. */
  invalidKey: { code: 'invalid_object_key', status: 500, title: 'The object key is malformed' },
} as const satisfies Record<string, ErrorKind>;
