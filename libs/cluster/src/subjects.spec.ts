import fc from 'fast-check';
import { isSubject } from './bus/pattern.js';
import { isKey } from './key-value/key.js';
import { subjects, token, untoken } from './subjects.js';

describe('token', () => {
  it('leaves plain DNs as they are and escapes the rest', () => {
    expect(token('7001')).toBe('7001');
    expect(token('VQ_Support')).toBe('VQ_Support');
    expect(token('a.b c')).toBe('a=2eb=20c');
  });

  it('is undone by untoken, and is one token of a subject and of a key, whatever the name', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (name) => {
      expect(untoken(token(name))).toBe(name);
      expect(isSubject(subjects.dnCommand(name))).toBe(true);
      expect(subjects.dnCommand(name).split('.')).toHaveLength(4);
      expect(isKey(`dn.${token(name)}`)).toBe(true);
    }));
  });
});
