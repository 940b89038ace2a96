/**
 * File names that have gone wrong somewhere: spaces, accents, other scripts, quotes, percents, semicolons. Each with
 * its ASCII approximation, for programs that know `filename` only.
 */
export const ODD_NAMES: readonly (readonly [name: string, ascii: string])[] = [
  ['plain.txt', 'plain.txt'],
  ['two words.txt', 'two words.txt'],
  ['résumé – 日本 "x".pdf', 'resume _ __ _x_.pdf'],
  ["it's 100% & a; b=c, (1).txt", "it's 100_ & a; b=c, (1).txt"],
  ['100%41.txt', '100_41.txt'],
  ['..%2f..%2fout.txt', '.._2f.._2fout.txt'],
  ['Ω≈ç√∫ 👋.txt', '__c__ _.txt'],
];
