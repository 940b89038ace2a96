const EMPTY = '"content_base64":""';

/**
 * A JSON answer with bytes as its `content_base64`, which is null in what is given. Base64 has nothing that JSON would
 * escape, so that it is put in its place as it is: to look at each of its characters again takes longer than all the rest.
 */
export function jsonWithBase64(answer: { readonly content_base64: null }, bytes: Buffer): Buffer {
  const json = JSON.stringify({ ...answer, content_base64: '' });
  // No value can have this text in it, since JSON escapes quotation marks.
  const at = json.indexOf(EMPTY) + EMPTY.length - 1;
  const base64 = bytes.toString('base64');
  const [before, after] = [Buffer.from(json.slice(0, at)), Buffer.from(json.slice(at))];
  const whole = Buffer.allocUnsafe(before.length + base64.length + after.length);
  before.copy(whole);
  whole.write(base64, before.length, 'latin1');
  after.copy(whole, before.length + base64.length);
  return whole;
}
