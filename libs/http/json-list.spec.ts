import { describe, expect, it } from '@jest/globals';

import { JsonList } from './json-list.js';
import { jsonText } from './json-text.js';

const TEXTS = ['', 'plain', 'é📄', '"', '\\', '\n\u0000\u007f', '\ud800', ' !#[]~', 'x'.repeat(5_000)];

describe('JsonList', () => {
  it.each([0, 1, 100, 1_000_000])('holds every value in its order in a place of %i bytes', (bytes) => {
    const list = new JsonList('{"é":', Buffer.alloc(bytes, '?'));
    const values: unknown[] = [];
    for (const [index, text] of TEXTS.entries()) {
      list.add(`{"n":${index},"t":${jsonText(text)}}`);
      list.addAscii(`[${index}]`);
      list.add(JSON.stringify([text]));
      values.push({ n: index, t: text }, [index], [text]);
    }
    const whole = list.end(',"more":false}').toString();
    expect(whole).toBe(`{"é":${JSON.stringify(values)},"more":false}`);
  });

  it('may be empty', () => {
    expect(new JsonList('', Buffer.alloc(0)).end('').toString()).toBe('[]');
  });
});

describe('jsonText', () => {
  it.each(TEXTS)('says %j as JSON.stringify does', (text) => {
    expect(jsonText(text)).toBe(JSON.stringify(text));
  });
});
