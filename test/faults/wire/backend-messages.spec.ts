import { describe, expect, it } from '@jest/globals';

import { BackendMessages } from './backend-messages.js';

function message(type: string, body: string): Buffer {
  const bytes = Buffer.alloc(5 + body.length);
  bytes.write(type, 'latin1');
  bytes.writeUInt32BE(4 + body.length, 1);
  bytes.write(body, 5, 'latin1');
  return bytes;
}

const done = (tag: string): Buffer => message('C', `${tag}\0`);
const row = message('D', 'INSERT 0 1\0 COMMIT\0');
const ready = message('Z', 'I');

describe('BackendMessages', () => {
  it.each([
    ['an insert', ['BEGIN', 'INSERT 0 1', 'COMMIT']],
    ['an update among others', ['BEGIN', 'SELECT 1', 'UPDATE 3', 'SELECT 0', 'COMMIT']],
    ['a deletion', ['BEGIN', 'DELETE 1', 'COMMIT']],
  ])('tells when %s is committed', (_what, tags) => {
    expect(new BackendMessages().push(Buffer.concat(tags.map(done)))).toBe(true);
  });

  it.each([
    ['nothing was changed', ['BEGIN', 'SELECT 1', 'INSERT 0 0', 'UPDATE 0', 'COMMIT']],
    ['it was rolled back', ['BEGIN', 'INSERT 0 1', 'ROLLBACK', 'BEGIN', 'SELECT 1', 'COMMIT']],
    ['it is not over', ['BEGIN', 'INSERT 0 1']],
  ])('says nothing when %s', (_what, tags) => {
    expect(new BackendMessages().push(Buffer.concat(tags.map(done)))).toBe(false);
  });

  it('takes a statement without a transaction for one', () => {
    expect(new BackendMessages().push(Buffer.concat([done('INSERT 0 1'), ready]))).toBe(true);
  });

  it('is not misled by what stands in rows', () => {
    expect(new BackendMessages().push(Buffer.concat([done('BEGIN'), row, done('COMMIT'), ready]))).toBe(
      false,
    );
  });

  it('reads messages in whatever pieces they come', () => {
    const bytes = Buffer.concat([done('BEGIN'), row, done('INSERT 0 1'), done('COMMIT'), ready]);
    const messages = new BackendMessages();
    const told = [...bytes.keys()].filter((index) => messages.push(bytes.subarray(index, index + 1)));
    expect(told).toEqual([bytes.length - ready.length - 1]);
  });
});
