import { grantRegistration, type RegisterFacts } from './registration-grant.js';

const limits = { defaultExpires: 140, minExpires: 10, maxExpires: 3600 };
const facts = (more: Partial<RegisterFacts>): RegisterFacts =>
  ({ star: false, contacts: [], expires: undefined, otherBindings: 0, ...more });
const phone = (expires?: number) => ({ contact: '<sip:7001@192.0.2.1>', expires });

describe('grantRegistration', () => {
  it('grants the default, the header, or the contact\'s own wish, in rising order', () => {
    const granted = (request: RegisterFacts) => {
      const grant = grantRegistration(request, limits);
      return grant.kind === 'granted' ? grant.contacts[0]?.expires : grant.status;
    };
    expect(granted(facts({ contacts: [phone()] }))).toBe(140);
    expect(granted(facts({ contacts: [phone()], expires: 600 }))).toBe(600);
    expect(granted(facts({ contacts: [phone(60)], expires: 600 }))).toBe(60);
    expect(granted(facts({ contacts: [phone(100_000)] }))).toBe(3600);
  });

  it('refuses what is too brief, but takes a removal', () => {
    expect(grantRegistration(facts({ contacts: [phone(9)] }), limits)).toEqual({ kind: 'refused', status: 423 });
    expect(grantRegistration(facts({ contacts: [phone(0)] }), limits)).toMatchObject({ kind: 'granted', reachable: 0 });
  });

  it('keeps the DN reachable as long as any binding lasts', () => {
    expect(grantRegistration(facts({ contacts: [phone(0)], otherBindings: 77 }), limits)).toMatchObject({ reachable: 77 });
    expect(grantRegistration(facts({ contacts: [phone(60), phone(90)], otherBindings: 77 }), limits)).toMatchObject({ reachable: 90 });
  });

  it('removes everything with a star and Expires 0 only', () => {
    expect(grantRegistration(facts({ star: true, expires: 0, otherBindings: 5 }), limits)).toMatchObject({ kind: 'granted', reachable: 0 });
    expect(grantRegistration(facts({ star: true, expires: 5 }), limits)).toEqual({ kind: 'refused', status: 400 });
  });

  it('changes nothing when only asked', () => {
    expect(grantRegistration(facts({ otherBindings: 50 }), limits)).toEqual({ kind: 'granted', contacts: [], reachable: undefined });
  });
});
