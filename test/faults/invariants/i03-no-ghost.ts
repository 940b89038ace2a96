import { checkEach, type Invariant } from './invariant.js';

/** Every source that can be read has its object, of the size and the checksum in its row. */
export const noGhost: Invariant = {
  id: 'I3',
  title: 'no row without its object',
  check({ seen }) {
    const available = seen.rows.filter(({ status }) => status === 'available');
    return checkEach(available, ({ objectKey, sizeBytes, sha256, sourceId }) => {
      const object = objectKey === null ? undefined : seen.objects.get(objectKey);
      if (object === undefined) return `source ${sourceId} has no object (${objectKey ?? 'no key'})`;
      if (object.sizeBytes !== sizeBytes)
        return `source ${sourceId} has ${sizeBytes ?? '?'} bytes, its object ${object.sizeBytes}`;
      return object.sha256 === sha256 ? null : `source ${sourceId} and its object differ in SHA-256`;
    });
  },
};
