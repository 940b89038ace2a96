/** Text with every letter as its percent-encoded octet. */
const encoded = (text: string): string =>
  text.replaceAll(/[A-Za-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);

/** Spellings that mean the path itself to whoever reads it as RFC 3986 and RFC 9112 say: served like it. */
export function samePaths(path: string, template: string, host: string): Record<string, string> {
  const [, first = '', ...rest] = path.split('/');
  const last = template.endsWith('}') ? path : path.replace(/[^/]+$/, encoded);
  return {
    'encoded letters': `/${[encoded(first), ...rest].join('/')}`,
    'encoded letters at the end': last,
    'absolute form': `http://${host}${path}`,
    'absolute form of another host': `http://other.example${path}`,
    'absolute form over https': `HTTPS://other.example:444${path}`,
    'an empty query': `${path}?`,
  };
}

/**
 * Spellings that a lenient reader might take for the path. `template` is the path with names in braces, which tells
 * what of it is fixed.
 */
export function otherPaths(path: string, template: string): Record<string, string> {
  const [, first = '', ...rest] = path.split('/');
  const tail = rest.join('/');
  const upper = template
    .split('/')
    .map((part, index) => (part.startsWith('{') ? path.split('/')[index] : part.toUpperCase()));
  const at = (separator: string): string => `/${first}${separator}${tail}`;
  const before = (prefix: string): string => `${prefix}${path}`;
  const after = (suffix: string): string => `${path}${suffix}`;
  return {
    'two slashes first': before('/'),
    'two slashes within': at('//'),
    'two slashes at the end': after('//'),
    'a slash at the end': after('/'),
    'an encoded slash at the end': after('%2f'),
    'upper case': upper.join('/'),
    'an encoded slash': at('%2f'),
    'an encoded slash in upper case': at('%2F'),
    'a slash encoded twice': at('%252f'),
    'an overlong slash': at('%c0%af'),
    'a backslash': at('\\'),
    'an encoded backslash': at('%5c'),
    'a slash and a backslash': at('/\\'),
    'a backslash first': path.replace('/', '\\'),
    'a letter encoded twice': path.replace(first, encoded(first).replaceAll('%', '%25')),
    'a parameter at the end': after(';x=1'),
    'a bare semicolon': after(';'),
    'a parameter within': at(';x=1/'),
    'a parameter with dots': after(';/../..'),
    'a dot segment first': before('/.'),
    'a dot segment within': at('/./'),
    'an encoded dot segment': at('/%2e/'),
    'two dots within': at('/x/../'),
    'two encoded dots within': at('/x/%2e%2e/'),
    'dots encoded twice': at('/x/%252e%252e/'),
    'dots with parameters': at('/x/..;/'),
    'two dots first': before('/..'),
    'a public path and two dots': before('/health/live/../..'),
    'a public folder and two dots': before('/docs/..'),
    'a public folder and encoded dots': before('/docs/%2e%2e'),
    'a public folder and an encoded climb': before('/docs/..%2f..'),
    'a link and two dots': before('/l/..'),
    'NUL at the end': after('%00'),
    'NUL and a public ending': after('%00/health/live'),
    'a line feed at the end': after('%0a'),
    'a header within': after('%0d%0aX-Role:%20root'),
    'a space at the end': after('%20'),
    'a dot at the end': after('.'),
    'a type at the end': after('.json'),
    'a lone percent sign': after('%'),
    'no hexadecimal': after('%zz'),
    'an encoded question mark': after('%3f/health/live'),
    'an encoded hash': after('%23/health/live'),
    'a host first': before('//other.example'),
    'no leading slash': path.slice(1),
  };
}
