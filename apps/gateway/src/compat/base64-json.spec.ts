import { describe, expect, it } from '@jest/globals';
import { assert, property, record, string, uint8Array } from 'fast-check';

import { jsonWithBase64 } from './base64-json.js';

describe('jsonWithBase64', () => {
  it('answers the JSON that has the bytes in their place, whatever the other fields say', () => {
    const texts = () => string({ unit: 'binary' });
    const answers = record({ id: texts(), content: texts(), name: texts() });
    const isJson = property(answers, uint8Array({ maxLength: 300 }), ({ id, content, name }, bytes) => {
      const given = Buffer.from(bytes);
      const answer = { id, content, content_base64: null, name };
      const expected = JSON.stringify({ ...answer, content_base64: given.toString('base64') });
      expect(jsonWithBase64(answer, given).toString('utf8')).toBe(expected);
    });
    assert(isJson);
  });

  it('is not misled by a field that looks like the place', () => {
    const answer = { id: '"content_base64":""', content_base64: null, after: '"content_base64":""' };
    expect(JSON.parse(jsonWithBase64(answer, Buffer.from('x')).toString('utf8'))).toEqual({
      ...answer,
      content_base64: 'eA==',
    });
  });
});
