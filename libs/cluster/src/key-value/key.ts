/** Which keys a bucket takes: those that every driver can hold (the character set is that of JetStream's buckets). */
const KEY = /^[-/_=a-zA-Z0-9]+(\.[-/_=a-zA-Z0-9]+)*$/;
const PATTERN = /^([-/_=a-zA-Z0-9]+|\*)(\.([-/_=a-zA-Z0-9]+|\*))*(\.>)?$|^>$/;

export const isKey = (text: string): boolean => KEY.test(text);

export const isKeyPattern = (text: string): boolean => PATTERN.test(text);
