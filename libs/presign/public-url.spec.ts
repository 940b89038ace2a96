import { describe, expect, it } from '@jest/globals';
import { PublicUrl } from './public-url.js';

describe('PublicUrl', () => {
  it('is the configured one, whatever the server listens on', () => {
    const url = new PublicUrl('https://files.example.com/api');
    expect(url.base).toBe('https://files.example.com/api');
    url.settle('http://127.0.0.1:8080');
    expect(url.base).toBe('https://files.example.com/api');
  });

  it('is the listening address when none is configured', () => {
    const url = new PublicUrl(null);
    url.settle('http://127.0.0.1:8080');
    expect(url.base).toBe('http://127.0.0.1:8080');
  });

  it('PS-16: is settled once and does not follow later callers', () => {
    const url = new PublicUrl(null);
    url.settle('http://127.0.0.1:8080');
    url.settle('https://evil.example');
    expect(url.base).toBe('http://127.0.0.1:8080');
  });

  it.each([
    [null, ''],
    ['https://files.example.com', ''],
    ['https://files.example.com/gw', '/gw'],
    ['https://files.example.com/a/b', '/a/b'],
  ])('of %s has the base path "%s"', (configured, basePath) => {
    expect(new PublicUrl(configured).basePath).toBe(basePath);
  });

  it('is not guessed before the server listens', () => {
    expect(() => new PublicUrl(null).base).toThrow('not known');
  });
});
